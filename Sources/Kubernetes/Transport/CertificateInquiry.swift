import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL

/// Asks a server whose certificate was not accepted for that certificate, to say what is wrong with it.
///
/// Nothing is sent on this connection, neither a request nor a credential, and it is closed as soon as the certificate is
/// there. It decides no more than the wording and the code of an error that is thrown anyhow.
struct CertificateInquiry {
    let configuration: ClusterConfiguration

    func explain(_ failed: String, now: Date) async -> KubernetesError {
        let server = configuration.server
        guard configuration.proxy == nil, let leaf = await certificate() else {
            return unknownAuthority(failed)
        }
        let seconds = now.timeIntervalSince1970
        if TimeInterval(leaf.notValidAfter) < seconds {
            let end = Date(timeIntervalSince1970: TimeInterval(leaf.notValidAfter)).formatted(.iso8601)
            return KubernetesError(
                code: "tls-expired", category: .denied,
                message: "\(failed) the certificate of \(server) expired at \(end).",
                hint: "Renew the API server's certificate, or check this machine's clock.")
        }
        if TimeInterval(leaf.notValidBefore) > seconds {
            let start = Date(timeIntervalSince1970: TimeInterval(leaf.notValidBefore)).formatted(.iso8601)
            return KubernetesError(
                code: "tls-not-yet-valid", category: .denied,
                message: "\(failed) the certificate of \(server) is valid from \(start) only.",
                hint: "Check this machine's clock.")
        }
        return unknownAuthority(failed)
    }

    private func unknownAuthority(_ failed: String) -> KubernetesError {
        let authorities = configuration.trust == .system ? "one of this system's" : "the configured"
        return KubernetesError(
            code: "tls-unknown-authority", category: .denied,
            message: "\(failed) the certificate of \(configuration.server) does not come from \(authorities) "
                + "certificate authorities.",
            hint: "Give the cluster's own CA certificate.")
    }

    /// The server's own certificate, or nil where even that cannot be had.
    private func certificate() async -> NIOSSLCertificate? {
        let server = configuration.server
        do {
            let group = MultiThreadedEventLoopGroup.singleton
            let loop = group.next()
            let promise = loop.makePromise(of: NIOSSLCertificate?.self)
            let context = try NIOSSLContext(configuration: TLSConfiguration.makeClientConfiguration())
            let name = configuration.serverName ?? server.host
            let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
            let channel = try await ClientBootstrap(group: loop)
                .connectTimeout(.seconds(5))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        // Whatever the certificate is, the connection ends here.
                        let handler = try NIOSSLClientHandler(
                            context: context, serverHostname: isAddress ? nil : name,
                            customVerificationCallback: { chain, verdict in
                                promise.succeed(chain.first)
                                verdict.succeed(.failed)
                            })
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .connect(host: server.host, port: server.port).get()
            let limit = loop.scheduleTask(in: .seconds(5)) { promise.succeed(nil) }
            channel.closeFuture.whenComplete { _ in promise.succeed(nil) }
            let leaf = try await promise.futureResult.get()
            limit.cancel()
            channel.close(promise: nil)
            return leaf
        } catch {
            return nil  // the error that led here is reported in any case
        }
    }
}
