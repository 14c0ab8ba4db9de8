import AsyncHTTPClient
import Logging
import NIOCore
import NIOSSL

/// The HTTP client of one repository: its authorities, its client certificate, its deadlines.
enum HTTPClientFactory {
    /// - Throws: `certificate-authority`, `client-certificate-unreadable` (denied): a file that can't be read never means
    ///   less verification.
    static func make(options: GitOptions, logger: Logger) throws(GitError) -> HTTPClient {
        // Its decompression is bounded (no more than 25 times what was sent); the rest is set here.
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: TimeAmount(options.deadlines.connect), read: nil)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = .seconds(60)
        configuration.tlsConfiguration = try tls(options)
        return HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration,
            backgroundActivityLogger: logger)
    }

    private static func tls(_ options: GitOptions) throws(GitError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let path = options.certificateAuthority {
            let certificates: [NIOSSLCertificate]
            do { certificates = try NIOSSLCertificate.fromPEMFile(path) } catch {
                throw .denied(
                    "certificate-authority", "The certificate authority file \(path) can't be read or is no PEM file")
            }
            guard !certificates.isEmpty else {
                throw .denied("certificate-authority", "The certificate authority file \(path) holds no certificate")
            }
            tls.trustRoots = .certificates(certificates)
        }
        switch (options.clientCertificate, options.clientKey) {
        case (nil, nil): break
        case (let chain?, let key?):
            do {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            } catch {
                throw .denied(
                    "client-certificate-unreadable", "The client certificate \(chain) or its key \(key) can't be read")
            }
        default:
            throw .refused(
                "client-certificate-incomplete", "A client certificate needs its key, and the other way round")
        }
        return tls
    }
}
