import AsyncHTTPClient
import NIOCore
import NIOSSL

/// The HTTP clients of a cluster: one for requests, others for watches, since the read timeout belongs to the client.
///
/// Requests share an HTTP/2 connection where the server offers one; watches share others (``WatchClients``).
struct HTTPClients: Sendable {
    let requests: HTTPClient
    let watches: WatchClients

    init(configuration: ClusterConfiguration, options: ClientOptions) {
        var common = HTTPClient.Configuration(
            tlsConfiguration: Self.tls(configuration, identity: configuration.identity),
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(options.connectTimeout)))
        common.connectionPool.retryConnectionEstablishment = false
        common.proxy = configuration.proxy.map(Self.proxy)
        if let name = configuration.serverName, name != configuration.server.host {
            common.dnsOverride[name] = configuration.server.host
        }
        common.http1_1ConnectionDebugInitializer = DeadPeerDetection.enable(on:)
        common.http2ConnectionDebugInitializer = DeadPeerDetection.enable(on:)

        var forRequests = common
        forRequests.httpVersion = .automatic
        forRequests.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.connectionLimit
        forRequests.timeout.read = TimeAmount(options.requestTimeout)
        requests = HTTPClient(eventLoopGroupProvider: .singleton, configuration: forRequests)

        var forWatches = common
        forWatches.timeout.read = TimeAmount(options.watchIdleTimeout)
        var single = forWatches
        single.httpVersion = .http1Only
        single.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 10_000
        var shared = forWatches
        shared.httpVersion = .automatic
        // Until the protocol is agreed on, a connection is opened for each request, as for HTTP/1.1: one is enough.
        shared.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
        watches = WatchClients(
            limit: options.watchesPerConnection,
            single: HTTPClient(eventLoopGroupProvider: .singleton, configuration: single),
            makeShared: { [shared] in HTTPClient(eventLoopGroupProvider: .singleton, configuration: shared) })
    }

    static func tls(_ configuration: ClusterConfiguration, identity: ClientIdentity?) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        switch configuration.trust {
        case .system: break
        case .authorities(let authorities): tls.trustRoots = .certificates(authorities.certificates)
        case .insecure: tls.certificateVerification = .none
        }
        if let identity {
            tls.certificateChain = identity.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(identity.key)
        }
        return tls
    }

    private static func proxy(_ address: ProxyAddress) -> HTTPClient.Configuration.Proxy {
        switch address.scheme {
        case .socks5: .socksServer(host: address.host, port: address.port)
        case .http:
            .server(
                host: address.host, port: address.port,
                authorization: address.login.map { .basic(username: $0.user, password: $0.password.value) })
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
