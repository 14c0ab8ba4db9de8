import FoundationEssentials
import NIOSSL
import TestServers
import Testing

@testable import Kubernetes

/// The server's identity: everything but the right certificate of the right authority is `denied`, is not retried, and no
/// credential leaves the machine.
@Suite(
    .enabled(
        if: Requirement("openssl", programs: ["openssl"], package: "openssl").isToRun,
        "\(Requirement("openssl", programs: ["openssl"], package: "openssl"))"))
struct TLSFaultTests {
    /// Asks a TLS server for its version; what was thrown, and how many requests the server saw.
    private func ask(
        _ certificates: TestCertificates, server name: String, trust: ServerTrust, serverName: String? = nil,
        host: String = "127.0.0.1", identity: ClientIdentity? = nil
    ) async throws -> (error: KubernetesError?, requests: [FaultServer.Request]) {
        let server = try await FaultServer.start(tls: certificates.server(name)) { _, _ in
            [.answer(200, RequestFaultTests.version)]
        }
        let configuration = try ClusterConfiguration(
            server: ServerAddress("https://\(host):\(server.port)"), trust: trust, serverName: serverName,
            identity: identity, credential: .token(Secret("planted-secret")), origin: "The test")
        let error = try await KubernetesClient.with(configuration) { client in
            try await kubernetesError { try await client.serverVersion() }
        }
        let requests = server.requests
        try await server.stop()
        #expect(error.map { !$0.description.contains("planted") } ?? true)
        return (error, requests)
    }

    private func withCertificates(_ body: (TestCertificates) async throws -> Void) async throws {
        try await TestFolder.with { folder in
            let certificates = TestCertificates(folder: folder)
            try await certificates.authority("ca")
            try await body(certificates)
        }
    }

    @Test func theRightCertificateIsAccepted() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca")
            let trust = ServerTrust.authorities(try .init(file: certificates.file("ca", "crt")))
            let answer = try await ask(certificates, server: "server", trust: trust)
            #expect(answer.error == nil)
            #expect(answer.requests.first?.header("Authorization") == "Bearer planted-secret")
        }
    }

    @Test func anotherAuthorityIsRefused() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca")
            try await certificates.authority("other")
            let trust = ServerTrust.authorities(try .init(file: certificates.file("other", "crt")))
            let answer = try await ask(certificates, server: "server", trust: trust)
            #expect(answer.error?.code == "tls-unknown-authority")
            #expect(answer.error?.category == .denied)
            #expect(answer.requests.isEmpty)
        }
    }

    @Test func theSystemsAuthoritiesDoNotKnowIt() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca")
            let answer = try await ask(certificates, server: "server", trust: .system)
            #expect(answer.error?.code == "tls-unknown-authority")
            #expect(answer.requests.isEmpty)
        }
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca", days: -1)
            let trust = ServerTrust.authorities(try .init(file: certificates.file("ca", "crt")))
            let answer = try await ask(certificates, server: "server", trust: trust)
            #expect(answer.error?.code == "tls-expired")
            #expect(answer.error?.category == .denied)
            #expect(answer.requests.isEmpty)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func anotherHostsCertificateIsRefused(host: String) async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca", names: "DNS:elsewhere.example,IP:10.0.0.1")
            let trust = ServerTrust.authorities(try .init(file: certificates.file("ca", "crt")))
            let answer = try await ask(certificates, server: "server", trust: trust, host: host)
            #expect(answer.error?.code == "tls-wrong-host")
            #expect(answer.error?.category == .denied)
            #expect(answer.requests.isEmpty)
        }
    }

    @Test func theServerNameIsVerifiedInPlaceOfTheHost() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca", names: "DNS:kubernetes.default")
            let trust = ServerTrust.authorities(try .init(file: certificates.file("ca", "crt")))
            let right = try await ask(
                certificates, server: "server", trust: trust, serverName: "kubernetes.default")
            #expect(right.error == nil)
            #expect(right.requests.first?.header("Host")?.hasPrefix("127.0.0.1:") == true)
            let wrong = try await ask(certificates, server: "server", trust: trust, serverName: "other.default")
            #expect(wrong.error?.code == "tls-wrong-host")
        }
    }

    @Test func onlySkippingVerificationSkipsIt() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca", names: "DNS:elsewhere.example", days: -1)
            #expect(try await ask(certificates, server: "server", trust: .insecure).error == nil)
        }
    }

    /// A server that offers nothing but HTTP/2 is spoken to in it: `PRI * HTTP/2.0` is what that begins with (RFC 9113, 3.4).
    @Test func http2IsSpokenWhereItIsOffered() async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca")
            var tls = try certificates.server("server")
            tls.applicationProtocols = ["h2"]
            let server = try await FaultServer.start(tls: tls) { _, _ in [.close] }
            let configuration = try ClusterConfiguration(
                server: ServerAddress("https://127.0.0.1:\(server.port)"),
                trust: .authorities(.init(file: certificates.file("ca", "crt"))), origin: "The test")
            try await KubernetesClient.with(configuration) { client in
                let error = try await kubernetesError { try await client.serverVersion() }
                #expect(error?.code == "connection-lost")
            }
            #expect(server.requests.first?.line == "PRI * HTTP/2.0")
            try await server.stop()
        }
    }

    /// The API server may ask for a client certificate; a plugin's takes the place of the configuration's own.
    @Test(arguments: [true, false])
    func aClientCertificateIsShown(byPlugin: Bool) async throws {
        try await withCertificates { certificates in
            try await certificates.certificate("server", from: "ca")
            try await certificates.certificate("client", from: "ca", usage: "clientAuth")
            var tls = try certificates.server("server")
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .file(certificates.file("ca", "crt"))
            let server = try await FaultServer.start(tls: tls) { _, _ in [.answer(200, RequestFaultTests.version)] }
            let bytes = { (kind: String) in Array(try certificates.folder.read("client.\(kind)").utf8) }
            let identity = try ClientIdentity(
                certificatePEM: bytes("crt"), keyPEM: bytes("key"), origin: "The test")
            var configuration = try ClusterConfiguration(
                server: ServerAddress("https://127.0.0.1:\(server.port)"),
                trust: .authorities(.init(file: certificates.file("ca", "crt"))), origin: "The test")
            let without = try await KubernetesClient.with(configuration) { client in
                try await kubernetesError { try await client.serverVersion() }
            }
            #expect(without?.code == "tls-handshake")
            #expect(without?.category == .denied)
            if byPlugin {
                let escape = { (kind: String) in
                    try certificates.folder.read("client.\(kind)").replacing("\n", with: #"\n"#)
                }
                try certificates.folder.write(
                    "answer",
                    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"\#(try escape("crt"))","clientKeyData":"\#(try escape("key"))"}}"#
                )
                configuration.credential = .exec(
                    ExecPlugin(
                        apiVersion: "client.authentication.k8s.io/v1", command: "cat",
                        arguments: [certificates.folder.path + "/answer"]))
            } else {
                configuration.identity = identity
            }
            try await KubernetesClient.with(configuration) { client in
                let version = try await client.serverVersion()
                #expect(version.major == 1)
            }
            try await server.stop()
        }
    }

    @Test func aServerThatSpeaksNoTLSIsRefused() async throws {
        let server = try await FaultServer.start { _, _ in [] }
        let configuration = try ClusterConfiguration(
            server: ServerAddress("https://127.0.0.1:\(server.port)"), credential: .token(Secret("planted-secret")),
            origin: "The test")
        try await KubernetesClient.with(configuration, change: { $0.connectTimeout = .milliseconds(300) }) { client in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.category == .unreachable)
        }
        #expect(server.requests.isEmpty)
        try await server.stop()
    }
}
