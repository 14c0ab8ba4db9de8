import AsyncHTTPClient
import Crypto
import Documents
import FoundationEssentials
import Logging
import NIOCore
import NIOSSL

/// The HTTP clients for forges, one for each set of authorities. No redirects, no proxies.
actor ForgeClients {
    private var clients: [String: HTTPClient] = [:]
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    /// - Parameter authority: path of a PEM file, which is read each time, so that a new one counts at once; nil for the system's.
    /// - Throws: `ForgeFailure`: a file that cannot be read never means less verification.
    func client(authority path: String?) throws -> HTTPClient {
        var key = ""
        var roots = NIOSSLTrustRoots.default
        if let path {
            let bytes: [UInt8]
            do throws(BoundedFile.Problem) {
                bytes = try BoundedFile.readRegular(path, limit: 1 << 20)
            } catch {
                throw ForgeFailure(.denied, "forge-certificate-authority", "the file \(path) cannot be read: \(error)")
            }
            key = SHA256.hash(data: bytes).description
            if clients[key] == nil {
                do {
                    roots = .certificates(try NIOSSLCertificate.fromPEMBytes(bytes))
                } catch {
                    throw ForgeFailure(
                        .denied, "forge-certificate-authority", "the file \(path) holds no PEM certificates")
                }
            }
        }
        if let client = clients[key] { return client }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = roots
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(10))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(30)
        let client = HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration,
            backgroundActivityLogger: logger)
        clients[key] = client
        return client
    }

    func close() async {
        for client in clients.values {
            do { try await client.shutdown() } catch {
                logger.warning("A forge's connections could not be closed", metadata: ["reason": "\(error)"])
            }
        }
        clients = [:]
    }
}

extension ForgeFailure {
    /// There was no answer.
    static func noAnswer(_ error: any Error, _ context: StatusContext) -> ForgeFailure {
        let place = context.forge.description
        let text = String(describing: error)
        if error is NIOSSLError || text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("certificate") {
            return ForgeFailure(
                .denied, "forge-tls", "the certificate of \(place) is not trusted, or TLS with it failed",
                hint: "Name the PEM file of its authority as git.certificateAuthority")
        }
        if let error = error as? HTTPClientError, [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error) {
            return ForgeFailure(.passing(after: nil), "forge-timeout", "\(place) did not answer in time")
        }
        return ForgeFailure(.passing(after: nil), "forge-unreachable", "\(place) cannot be reached")
    }
}

/// Time and chance, so that a test can decide both.
struct ForgeTime: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant
    var date: @Sendable () -> Date
    var sleep: @Sendable (Duration) async throws -> Void
    /// Evenly distributed over 0..<1.
    var random: @Sendable () -> Double

    static let system = ForgeTime(
        now: { .now }, date: { Date() }, sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) })
}
