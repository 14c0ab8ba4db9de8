import Documents
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// The server's certificate and key, read again when their files change: certificates are renewed while the server runs.
final class TLSIdentity: Sendable {
    /// Why the server cannot prove who it is.
    struct Unusable: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    private struct Files: Sendable, Equatable {
        var certificate: [UInt8]
        var key: [UInt8]
    }

    private struct Identity: Sendable {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
    }

    private struct State: Sendable {
        var files: Files
        var identity: Identity
        var checkedAt: ContinuousClock.Instant
    }

    /// How old what is known of the files may be.
    private static let interval = Duration.seconds(5)

    private let certificatePath: String
    private let keyPath: String
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<State>

    /// - Throws: ``Unusable`` where a file cannot be read, or they are no pair.
    init(
        certificate: String, key: String, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant
    ) throws {
        certificatePath = certificate
        keyPath = key
        self.logger = logger
        self.now = now
        let files = try Self.read(certificate, key)
        state = Mutex(State(files: files, identity: try Self.identity(files), checkedAt: now()))
    }

    /// TLS 1.2 and later; each handshake takes the certificate of the moment.
    func configuration() -> TLSConfiguration {
        let identity = state.withLock { $0.identity }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: identity.chain, privateKey: identity.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in
            // Not on the connection's thread: a pair that does not fit leaves an error in BoringSSL's queue of the thread, and
            // `SSL_get_error` takes it for one of the next handshake there.
            promise.completeWithTask {
                let identity = self.current()
                var change = NIOSSLContextConfigurationOverride()
                change.certificateChain = identity.chain
                change.privateKey = identity.key
                return change
            }
        }
        return configuration
    }

    /// What the files hold now; where that is no usable pair, as in the middle of a change, what they held before.
    private func current() -> Identity {
        state.withLock { state in
            let now = now()
            guard state.checkedAt + Self.interval <= now else { return state.identity }
            state.checkedAt = now
            do {
                let files = try Self.read(certificatePath, keyPath)
                if files != state.files {
                    state.identity = try Self.identity(files)
                    state.files = files
                    logger.info("The server's certificate was read again", metadata: ["path": "\(certificatePath)"])
                }
            } catch {
                logger.error(
                    "The server's certificate cannot be read again; the old one stays", metadata: ["reason": "\(error)"]
                )
            }
            return state.identity
        }
    }

    private static func read(_ certificate: String, _ key: String) throws -> Files {
        let file = { (path: String) throws -> [UInt8] in
            do throws(BoundedFile.Problem) {
                return try BoundedFile.read(path, limit: 1 << 20)
            } catch {
                throw Unusable(description: "\(path) cannot be read: \(error)")
            }
        }
        return Files(certificate: try file(certificate), key: try file(key))
    }

    private static func identity(_ files: Files) throws -> Identity {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(files.certificate).map(NIOSSLCertificateSource.certificate)
            guard !chain.isEmpty else { throw Unusable(description: "there is no certificate in the file") }
            let key = try NIOSSLPrivateKey(bytes: files.key, format: .pem)
            // A context is only made of a key that belongs to the certificate.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
            return Identity(chain: chain, key: .privateKey(key))
        } catch let error as Unusable {
            throw error
        } catch {
            throw Unusable(description: "certificate and key are no PEM files, or do not belong together")
        }
    }
}
