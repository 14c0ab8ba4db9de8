import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import Reporting
import ServiceLifecycle

/// Serves webhooks, metrics, probes and the version, until it is asked to end; then requests under way get a moment.
public struct HTTPServer: Service {
    private let settings: ServerSettings
    let routes: Routes
    private let logger: Logger
    private let time: ServerTime
    private let onListening: @Sendable (Int) -> Void
    let connections = OpenConnections()

    /// - Parameters:
    ///   - readiness: asked for each request to `/readyz`.
    ///   - version: of this Descry.
    ///   - onListening: called once with the port.
    public init(
        settings: ServerSettings, metrics: Metrics, readiness: @escaping @Sendable () async -> Readiness,
        webhooks: WebhookReceiver, version: String, logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.init(
            settings: settings, metrics: metrics, readiness: readiness, webhooks: webhooks, version: version,
            logger: logger, time: .system, onListening: onListening)
    }

    init(
        settings: ServerSettings, metrics: Metrics, readiness: @escaping @Sendable () async -> Readiness,
        webhooks: WebhookReceiver, version: String, logger: Logger, time: ServerTime,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.settings = settings
        self.logger = logger
        self.time = time
        self.onListening = onListening
        routes = Routes(
            metrics: metrics, readiness: readiness, webhooks: webhooks,
            bodies: BodyReader(limits: settings.limits, time: time), version: version)
    }

    /// - Throws: ``ServerError`` where certificate and key cannot be used or the address cannot be listened on.
    public func run() async throws {
        let application = try application()
        let debouncer = routes.webhooks.debouncer
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await debouncer.run() }
            group.addTask { await closeConnectionsAfterDrain() }
            group.addTask {
                do {
                    try await application.run()
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    throw ServerError(address: "\(settings.host):\(settings.port)", reason: "\(error)")
                }
                throw Ended()
            }
            defer { group.cancelAll() }
            do {
                // Not `waitForAll`, which waits for the others even where one has failed.
                for try await _ in group {}
            } catch is Ended {
                return
            }
        }
    }

    /// The server ended in good order, so what runs beside it ends, too.
    private struct Ended: Error {}

    /// Hummingbird waits for requests under way as long as they take; a process that is to end cannot.
    private func closeConnectionsAfterDrain() async {
        do {
            try await gracefulShutdown()
            try await time.sleep(settings.limits.drain)
        } catch {
            // The server ended before its time was over.
        }
        connections.closeAll()
    }

    private func application() throws -> Application<CallbackResponder<ClientContext>> {
        let limits = settings.limits
        var http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(connections: connections, limits: limits)],
            idleTimeout: TimeAmount(limits.idle))
        http.httpDecoder = .init(
            maxHeaderFieldSize: limits.headers, maxHeaderListSize: limits.headers, maxHeaderFieldCount: 100)
        var builder = HTTPServerBuilder.http1(configuration: http)
        switch (settings.certificate, settings.key) {
        case (let certificate?, let key?):
            let identity: TLSIdentity
            do {
                identity = try TLSIdentity(certificate: certificate, key: key, logger: logger, now: time.now)
            } catch let error as TLSIdentity.Unusable {
                throw ServerError(certificate: certificate, reason: error.description)
            }
            builder = try .tls(builder, tlsConfiguration: identity.configuration())
        case (nil, nil): break
        default:
            throw ServerError(certificate: settings.certificate ?? "", reason: "certificate and key need each other")
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        return Application(
            responder: CallbackResponder { [routes] request, context in
                await routes.respond(to: request, from: context.address)
            },
            server: builder,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: quiet)),
            onServerRunning: { [logger, onListening] channel in
                let port = channel.localAddress?.port ?? settings.port
                logger.info("Listening", metadata: ["host": "\(settings.host)", "port": "\(port)"])
                onListening(port)
            },
            logger: quiet)
    }
}

/// What keeps the server from serving.
public struct ServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `listen` or `certificate`.
    public let code: String
    public let description: String

    init(address: String, reason: String) {
        code = "listen"
        description = "Cannot listen on \(address): \(reason)"
    }

    init(certificate: String, reason: String) {
        code = "certificate"
        description = "The server's certificate \(certificate) cannot be used: \(reason)"
    }
}

/// What an answer needs beside the request: who asks.
private struct ClientContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The client's IP address.
    let address: String

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}
