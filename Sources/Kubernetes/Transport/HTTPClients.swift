import AsyncHTTPClient
import NIOCore
import NIOSSL

/// The two HTTP clients of a cluster: one for requests, one for watches, since the read timeout belongs to the client.
///
/// Requests share an HTTP/2 connection where the server offers one. Each watch has an HTTP/1.1 connection of its own: the
/// streams of one HTTP/2 connection are limited (250, later 100 on the API server) and any number of watches would in the end
/// keep all of them, so that further ones would wait for ever.
struct HTTPClients: Sendable {
    let requests: HTTPClient
    let watches: HTTPClient

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
        forWatches.httpVersion = .http1Only
        forWatches.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 10_000
        forWatches.timeout.read = TimeAmount(options.watchIdleTimeout)
        watches = HTTPClient(eventLoopGroupProvider: .singleton, configuration: forWatches)
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
