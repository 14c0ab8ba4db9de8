import TestServers
import Testing

@testable import Kubernetes

@Suite struct ServerAddressTests {
    /// What people write, and what is sent.
    @Test(arguments: [
        ("https://kube.example.com", "https://kube.example.com:443", false),
        ("https://kube.example.com:6443/", "https://kube.example.com:6443", false),
        ("https://rancher.example.com/k8s/clusters/c-1/", "https://rancher.example.com:443/k8s/clusters/c-1", false),
        ("HTTPS://10.0.0.1:6443", "https://10.0.0.1:6443", false),
        ("https://[fd00::1]:6443", "https://[fd00::1]:6443", false),
        ("https://[::1]:6443", "https://[::1]:6443", true),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001", true),
        ("http://localhost:8001", "http://localhost:8001", true),
        ("http://127.example.com", "http://127.example.com:80", false),
    ])
    func isRead(text: String, printed: String, isLoopback: Bool) throws {
        let address = try ServerAddress(text)
        #expect(address.description == printed)
        #expect(address.isLoopback == isLoopback)
    }

    /// No host, no scheme, things that have no meaning here, and credentials, which would end up in logs.
    @Test(arguments: [
        "", "kube.example.com", "kube.example.com:6443", "ftp://kube.example.com", "https://", "https:///path",
        "https://admin:\(PlantedSecret.marker)@kube.example.com", "https://kube.example.com?x=\(PlantedSecret.marker)",
        "https://kube.example.com#\(PlantedSecret.marker)", "https://kube.example.com:0",
        "https://kube.example.com:66000",
    ])
    func isRefused(text: String) {
        let error = #expect(throws: KubernetesError.self) { try ServerAddress(text) }
        #expect(error?.code == "invalid-server")
        #expect(error?.description.contains(PlantedSecret.marker) == false)
    }

    @Test(arguments: [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://user:\(PlantedSecret.marker)@proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("socks5://[::1]", "socks5://[::1]:1080"), ("socks5h://proxy", "socks5://proxy:1080"),
    ])
    func aProxyIsRead(text: String, printed: String) throws {
        #expect(try ProxyAddress(text).description == printed)
    }

    @Test(arguments: [
        "", "proxy:3128", "https://proxy.example.com", "ftp://p", "socks5://u:\(PlantedSecret.marker)@p", "http://p:0",
    ])
    func aProxyIsRefused(text: String) {
        let error = #expect(throws: KubernetesError.self) { try ProxyAddress(text) }
        #expect(error?.code == "invalid-proxy")
        #expect(error?.description.contains(PlantedSecret.marker) == false)
    }
}
