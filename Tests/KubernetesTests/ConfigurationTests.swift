import FoundationEssentials
import TestServers
import Testing

@testable import Kubernetes

/// Explicit settings, the pod's own ServiceAccount, and which of all sources is taken.
@Suite struct ConfigurationTests {
    @Test(arguments: ["https://kube.example.com", "http://127.0.0.1:8001", "http://localhost", "http://[::1]:80"])
    func aCredentialMayGoThere(server: String) throws {
        let configuration = try ClusterConfiguration.explicit(
            server: server, certificateAuthority: nil, tokenFile: "/token")
        #expect(configuration.credential == .tokenFile("/token"))
    }

    @Test(arguments: ["http://kube.example.com", "http://10.0.0.1:8080"])
    func aCredentialMustNotCrossTheNetworkInClearText(server: String) throws {
        let error = #expect(throws: KubernetesError.self) {
            try ClusterConfiguration.explicit(
                server: server, certificateAuthority: nil, credential: .token(Secret("planted-secret")))
        }
        #expect(error?.code == "plain-http")
        #expect(error?.description.contains("planted-secret") == false)
        _ = try ClusterConfiguration.explicit(server: server, certificateAuthority: nil, tokenFile: nil)
    }

    /// The authority is given but cannot be used: never a connection without verification.
    @Test(arguments: [
        ("/nonexistent/ca.crt", "unreadable-file"), ("/dev/null", "empty-file"), ("/etc/hostname", "invalid-ca"),
        ("/tmp", "unreadable-file"),
    ])
    func aBadAuthorityIsRefused(path: String, code: String) {
        let error = #expect(throws: KubernetesError.self) {
            try ClusterConfiguration.explicit(
                server: "https://kube.example.com", certificateAuthority: path, tokenFile: nil)
        }
        #expect(error?.code == code)
    }

    @Test(arguments: [("10.96.0.1", "https://10.96.0.1:443"), ("fd00::1", "https://[fd00::1]:443")])
    func aPodUsesItsServiceAccount(host: String, server: String) async throws {
        try await TestFolder.with { folder in
            let certificates = TestCertificates(folder: folder)
            try await certificates.authority("ca")
            try folder.write("token", "planted-secret\n")
            try folder.write("namespace", "shop\n")
            let environment = ["KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"]
            let configuration = try ClusterConfiguration.inCluster(environment: environment, folder: folder.path)
            #expect(configuration.server.description == server)
            #expect(configuration.namespace == "shop")
            #expect(configuration.credential == .tokenFile(folder.path + "/token"))
            guard case .authorities = configuration.trust else {
                Issue.record("the pod's own authority is not used")
                return
            }
            try folder.write("ca.crt", "")
            let error = #expect(throws: KubernetesError.self) {
                try ClusterConfiguration.inCluster(environment: environment, folder: folder.path)
            }
            #expect(error?.code == "empty-file")
        }
    }

    @Test func outsideOfAPodThereIsNoServiceAccount() {
        let error = #expect(throws: KubernetesError.self) { try ClusterConfiguration.inCluster(environment: [:]) }
        #expect(error?.code == "not-in-cluster")
    }

    /// Which source is taken, shown by the error of the one that was.
    @Test(
        arguments: [
            (nil, nil, nil, nil, [:], "no-kubeconfig"),
            (
                nil, nil, "/nonexistent/config", nil, ["KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"],
                "no-kubeconfig"
            ),
            (nil, nil, nil, "shop", ["KUBERNETES_SERVICE_HOST": "h", "KUBERNETES_SERVICE_PORT": "1"], "no-kubeconfig"),
            ("not a server", nil, nil, nil, [:], "invalid-server"),
            ("https://h", nil, "/config", nil, [:], "ambiguous-cluster"),
            ("https://h", nil, nil, "shop", [:], "ambiguous-cluster"),
            (nil, "/ca.crt", nil, nil, [:], "ambiguous-cluster"),
        ] as [(String?, String?, String?, String?, [String: String], String)])
    func theFirstSourceGivenIsTaken(
        server: String?, authority: String?, kubeconfig: String?, context: String?, environment: [String: String],
        code: String
    ) {
        let error = #expect(throws: KubernetesError.self) {
            try ClusterConfiguration.discover(
                server: server, certificateAuthority: authority, kubeconfig: kubeconfig, context: context,
                environment: environment)
        }
        #expect(error?.code == code)
    }

    @Test func aSecretIsNeverShown() {
        let secret = Secret("planted-secret")
        var dumped = ""
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("planted"))
        }
    }
}
