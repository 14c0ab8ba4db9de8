import AsyncHTTPClient
import NIOCore
import NIOPosix
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
        common.http1_1ConnectionDebugInitializer = Self.detectDeadPeer
        common.http2ConnectionDebugInitializer = Self.detectDeadPeer

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

    /// A peer that vanished without a word is noticed by the operating system, within about a minute. Otherwise every request
    /// on the shared HTTP/2 connection would wait for its own timeout (kubernetes/client-go#374).
    private static let detectDeadPeer: @Sendable (any Channel) -> EventLoopFuture<Void> = { channel in
        let options: [(ChannelOptions.Types.SocketOption, Int)] = {
            var options: [(ChannelOptions.Types.SocketOption, Int)] = [
                (.init(level: .socket, name: .so_keepalive), 1)
            ]
            #if os(Linux)
                options.append((.init(level: .tcp, name: .init(rawValue: 4)), 30))  // TCP_KEEPIDLE, seconds
                options.append((.init(level: .tcp, name: .init(rawValue: 5)), 10))  // TCP_KEEPINTVL, seconds
                options.append((.init(level: .tcp, name: .init(rawValue: 6)), 3))  // TCP_KEEPCNT
                options.append((.init(level: .tcp, name: .init(rawValue: 18)), 60_000))  // TCP_USER_TIMEOUT, milliseconds
            #endif
            return options
        }()
        return EventLoopFuture.andAllSucceed(
            options.map { channel.setOption($0.0, value: $0.1) }, on: channel.eventLoop)
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
