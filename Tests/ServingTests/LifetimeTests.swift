import Logging
import NIOCore
import NIOPosix
import Reporting
import ServiceLifecycle
import TestServers
import Testing

@testable import Serving

/// How the server begins and ends.
@Suite struct LifetimeTests {
    private struct Running: Sendable {
        var port: Int
        var group: ServiceGroup
        var server: HTTPServer
    }

    private func serve(
        drain: Duration = .seconds(3), time: ManualTime, _ body: @Sendable (Running) async throws -> Void
    ) async throws {
        var limits = ServerLimits()
        limits.drain = drain
        let logger = TestOutput.logger
        let metrics = Metrics(version: "1")
        let (ports, started) = AsyncStream<Int>.makeStream()
        let (asked, gate) = AsyncStream<Void>.makeStream()
        let server = HTTPServer(
            settings: ServerSettings(host: "127.0.0.1", port: 0, limits: limits), metrics: metrics,
            // Answers when the test lets it.
            readiness: {
                for await _ in asked { break }
                return Readiness(isReady: true)
            },
            webhooks: WebhookReceiver(
                endpoints: { [] }, limits: limits, metrics: metrics, logger: logger, time: time.source, wake: { _ in }),
            version: "1", logger: logger, time: time.source, onListening: { started.yield($0) })
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var running = ports.makeAsyncIterator()
            let port = try #require(await running.next())
            try await body(Running(port: port, group: group, server: server))
            gate.finish()
            try await tasks.waitForAll()
        }
    }

    @Test("Asked to end, it takes nothing new, closes what is idle, and ends")
    func idle() async throws {
        try await serve(time: ManualTime()) { running in
            try await RawClient.connect(port: running.port) { client in
                try await client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.read(until: "ok\n"))
                await running.group.triggerGracefulShutdown()
                _ = try await client.readToEnd()
            }
            await #expect(throws: (any Error).self) {
                while true { try await RawClient.connect(port: running.port) { _ = try await $0.readToEnd() } }
            }
        }
    }

    @Test("A request under way that outlasts the drain is cut off")
    func hanging() async throws {
        let time = ManualTime()
        try await serve(time: time) { running in
            try await RawClient.connect(port: running.port) { client in
                try await client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                while running.server.connections.count == 0 { await Task.yield() }
                await running.group.triggerGracefulShutdown()
                await time.untilAsleep(1)
                time.advance(by: .seconds(3))
                #expect(try await client.readToEnd() == "")
            }
        }
    }

    @Test("An address that is taken is an error that names it")
    func taken() async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        let logger = TestOutput.logger
        let metrics = Metrics(version: "1")
        let server = HTTPServer(
            settings: ServerSettings(host: "127.0.0.1", port: port), metrics: metrics,
            readiness: { Readiness(isReady: true) },
            webhooks: WebhookReceiver(endpoints: { [] }, metrics: metrics, logger: logger, wake: { _ in }),
            version: "1", logger: logger)
        let error = await #expect(throws: ServerError.self) { try await server.run() }
        #expect(error?.code == "listen")
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        try await channel.close()
    }
}
