import AsyncHTTPClient
import NIOCore
import NIOSSL
import TestServers

/// An API server that the suite runs on.
public struct ConformanceServer: Sendable {
    public let administrator: APIClient
    /// Says nothing about who it is.
    public let anonymous: APIClient
    /// Path of the administrator's kubeconfig.
    public let kubeconfig: String
    /// A new token of an account that may do in the namespace what the rules say.
    public let token: @Sendable (_ namespace: String, _ account: String, _ rules: [PolicyRule]) async throws -> String
    /// Has the server forget the history of its objects up to this resourceVersion at least, as compaction does.
    public let forgetHistory: @Sendable (_ resourceVersion: String) async throws -> Void

    /// A port at which pods answer; nil where they do not.
    public let podPort: Int?

    public init(
        administrator: APIClient, anonymous: APIClient, kubeconfig: String, podPort: Int?,
        token: @escaping @Sendable (String, String, [PolicyRule]) async throws -> String,
        forgetHistory: @escaping @Sendable (String) async throws -> Void
    ) {
        self.administrator = administrator
        self.anonymous = anonymous
        self.kubeconfig = kubeconfig
        self.podPort = podPort
        self.token = token
        self.forgetHistory = forgetHistory
    }

    /// How the administrator shows who it is.
    public enum Administrator: Sendable {
        case token(String)
        /// Paths of the client's certificate and key, PEM.
        case certificate(String, key: String)
    }

    /// Runs the body with a client of the administrator and one of nobody, which trust this authority (PEM) only.
    public static func withClients<Result>(
        of server: String, certificateAuthority: String, administrator: Administrator,
        _ body: (_ administrator: APIClient, _ anonymous: APIClient) async throws -> Result
    ) async throws -> Result {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(certificateAuthority.utf8)))
        let anonymous = Self.client(tls)
        var token: String?
        switch administrator {
        case .token(let given): token = given
        case .certificate(let certificate, let key):
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        }
        let privileged = Self.client(tls)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(
                try await body(
                    APIClient(http: privileged, server: server, token: token),
                    APIClient(http: anonymous, server: server, token: nil)))
        } catch { outcome = .failure(error) }
        try await anonymous.shutdown()
        try await privileged.shutdown()
        return try outcome.get()
    }

    /// A server that says nothing for two minutes fails the case: this is what bounds every wait of the suite.
    private static func client(_ tls: TLSConfiguration) -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, timeout: .init(connect: .seconds(10), read: .seconds(120)))
        // A watch takes a connection for itself.
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
