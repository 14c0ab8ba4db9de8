import Synchronization
import Testing

@testable import Kubernetes

/// The bound on the requests in flight, as a client keeps it. The server answers nothing by itself, so whatever is sent stays in
/// flight until it is cancelled.
@Suite struct RequestGateTests {
    private static let map = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"2"}}"#

    private static func read(
        _ client: KubernetesClient, _ name: String, in namespace: String = "shop"
    ) -> Task<ConfigMap?, any Error> {
        Task { try await client.configMap(name, namespace: namespace) }
    }

    private static func write(_ client: KubernetesClient) async throws {
        _ = try await client.write(ConfigMap(name: "a"), over: ConfigMap(name: "a"), namespace: "shop")
    }

    /// Runs the body while reads keep all places but the one that is kept for what is urgent.
    private static func full(
        places: Int = 4,
        change: @escaping (inout ClientOptions) -> Void = { _ in },
        answer: @escaping @Sendable (FaultServer.Request) -> [FaultServer.Action] = { _ in [] },
        _ body: (KubernetesClient, FaultServer, _ free: () async throws -> Void) async throws -> Void
    ) async throws {
        try await KubernetesClient.with(
            change: {
                $0.requestsInFlight = places
                change(&$0)
            },
            answer: { _, request in request.line.contains("/hanging-") ? [] : answer(request) }
        ) { client, server in
            // Each of a namespace of its own: one namespace does not get all of them.
            let hanging = (1..<places).map { read(client, "hanging-\($0)", in: "other-\($0)") }
            await server.received(places - 1)
            try await body(client, server) {
                for task in hanging { task.cancel() }
                for task in hanging { _ = await task.result }
            }
            for task in hanging { task.cancel() }
            for task in hanging { await #expect(throws: CancellationError.self) { try await task.value } }
            let load = client.transport.gate.load
            #expect(load.inFlight == 0)
            #expect(load.waiting == 0)
        }
    }

    /// Waits until so many requests wait for a place.
    private static func waiting(_ count: Int, _ client: KubernetesClient) async {
        while client.transport.gate.load.waiting != count { await Task.yield() }
    }

    @Test func `no more are in flight than may be, and the rest follow`() async throws {
        try await Self.full(answer: { _ in [.answer(200, Self.map)] }) { client, server, free in
            let more = (0..<10).map { Self.read(client, "more-\($0)") }
            await Self.waiting(10, client)
            #expect(server.requests.count == 3)
            try await free()
            for task in more { _ = try await task.value }
            #expect(server.requests.count == 13)
        }
    }

    @Test func `what is urgent is sent although the rest hangs`() async throws {
        try await Self.full(answer: { _ in [.answer(200, Self.map)] }) { client, server, _ in
            let waiting = Self.read(client, "waiting")
            await Self.waiting(1, client)
            for _ in 0..<5 {
                _ = try await client.urgent.configMap("urgent", namespace: "shop")
                try await Self.write(client.urgent)
            }
            #expect(server.requests.count == 13)
            #expect(!server.requests.contains { $0.line.contains("/waiting") })
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
    }

    /// One after the other: of those that are in flight together, any may arrive first.
    @Test func `writes go before reads`() async throws {
        try await Self.full(places: 2, answer: { _ in [.answer(200, Self.map)] }) { client, server, free in
            let read = Self.read(client, "waiting")
            await Self.waiting(1, client)
            let writes = (0..<3).map { _ in Task { try await Self.write(client) } }
            await Self.waiting(4, client)
            try await free()
            for task in writes { try await task.value }
            _ = try await read.value
            let later = server.requests.dropFirst().map { $0.line.prefix(4) }
            #expect(later.count == 4 && later.last == "GET ", "\(later)")
        }
    }

    /// Neither the request's timeout nor the time for all its attempts runs while it waits: an hour on a clock that is set by hand.
    @Test func `waiting is not counted`() async throws {
        let hours = Mutex(0)
        let start = ContinuousClock.now
        try await Self.full(
            change: { $0.time.now = { start + .seconds(3600) * hours.withLock { $0 } } },
            answer: { _ in [.answer(200, Self.map)] }
        ) { client, server, free in
            let waiting = Self.read(client, "waiting")
            await Self.waiting(1, client)
            hours.withLock { $0 += 1 }
            try await free()
            let map = try await waiting.value
            #expect(map?.name == "a")
            #expect(server.requests.count == 4)
        }
    }

    /// Whoever has a moment by which all must be done is not kept beyond it.
    @Test func `a deadline ends the wait`() async throws {
        try await Self.full { client, server, _ in
            let error = try await kubernetesError {
                try await client.before(.now + .milliseconds(50)).configMap("late", namespace: "shop")
            }
            #expect(error?.code == "timed-out")
            #expect(server.requests.count == 3)
            #expect(client.transport.gate.load.waiting == 0)
        }
    }

    @Test func `cancelling ends the wait at once`() async throws {
        try await Self.full { client, server, _ in
            let waiting = (0..<100).map { Self.read(client, "more-\($0)") }
            await Self.waiting(100, client)
            for task in waiting { task.cancel() }
            for task in waiting { await #expect(throws: CancellationError.self) { try await task.value } }
            #expect(server.requests.count == 3)
        }
    }

    /// A lease may be lost while a write waits for its place: it is asked for at the very end.
    @Test func `a write that has lost its permission while it waited is not sent`() async throws {
        struct Deposed: Error {}
        let isDeposed = Mutex(false)
        try await Self.full { client, server, free in
            let guarded = client.guarded(by: {}) {
                if isDeposed.withLock({ $0 }) { throw Deposed() }
                return true
            }
            let write = Task { try await Self.write(guarded) }
            await Self.waiting(1, client)
            isDeposed.withLock { $0 = true }
            try await free()
            await #expect(throws: Deposed.self) { try await write.value }
            #expect(server.requests.count == 3)
        }
    }

    /// One that has only run out is waited for again, and the place is others' meanwhile.
    @Test func `a permission that has run out is asked for again`() async throws {
        let (permits, permit) = AsyncStream<Void>.makeStream()
        let asked = Mutex(0)
        let isGood = Mutex(true)
        try await Self.full(answer: { _ in [.answer(200, Self.map)] }) { client, server, free in
            let guarded = client.guarded(by: {
                let isFirst = asked.withLock { count in
                    count += 1
                    return count == 1
                }
                if isFirst { return }
                for await _ in permits { return }
            }) { isGood.withLock { $0 } }
            let write = Task { try await Self.write(guarded) }
            await Self.waiting(1, client)
            isGood.withLock { $0 = false }
            try await free()
            while asked.withLock({ $0 }) < 2 { await Task.yield() }
            #expect(server.requests.count == 3)
            #expect(client.transport.gate.load.inFlight == 0)
            isGood.withLock { $0 = true }
            permit.yield()
            try await write.value
            #expect(server.requests.count == 4)
        }
    }

    /// One whose webhook hangs, say: eight places, of which two are kept for what is urgent, and of six for the rest a namespace gets four.
    @Test func `a namespace whose requests hang delays no other`() async throws {
        try await KubernetesClient.with(
            change: { $0.requestsInFlight = 8 },
            answer: { _, request in request.line.contains("/hanging/") ? [] : [.answer(200, Self.map)] }
        ) { client, server in
            let hanging = (0..<50).map { Self.read(client, "a-\($0)", in: "hanging") }
            await Self.waiting(46, client)
            for number in 0..<20 { _ = try await Self.read(client, "b", in: "other-\(number)").value }
            #expect(server.requests.count == 24)
            for task in hanging { task.cancel() }
            for task in hanging { await #expect(throws: CancellationError.self) { try await task.value } }
        }
    }

    /// What follows a pass's writes goes last, whether it reads or writes.
    @Test func `what is unhurried goes after reads`() async throws {
        try await Self.full(places: 2, answer: { _ in [.answer(200, Self.map)] }) { client, server, free in
            let write = Task { try await Self.write(client.unhurried) }
            await Self.waiting(1, client)
            let reads = (0..<3).map { Self.read(client, "waiting-\($0)") }
            await Self.waiting(4, client)
            try await free()
            for task in reads { _ = try await task.value }
            try await write.value
            let later = server.requests.dropFirst().map { $0.line.prefix(4) }
            #expect(later.count == 4 && later.last == "POST", "\(later)")
        }
    }

    /// Its own time begins when it has its place.
    @Test func `the time that a request is given leaves out its wait`() async throws {
        let hours = Mutex(0)
        let start = ContinuousClock.now
        try await Self.full(
            change: { $0.time.now = { start + .seconds(3600) * hours.withLock { $0 } } },
            answer: { _ in [.answer(200, Self.map)] }
        ) { client, _, free in
            let waiting = Self.read(client.within(.seconds(30)), "waiting")
            await Self.waiting(1, client)
            hours.withLock { $0 += 1 }
            try await free()
            #expect(try await waiting.value?.name == "a")
        }
    }

    /// Three watches that are open keep no place; one that is to be opened takes one until the head of its answer is there.
    @Test func `watches do not count`() async throws {
        let list = #"{"metadata":{"resourceVersion":"7"},"items":[]}"#
        try await KubernetesClient.with(
            change: { $0.requestsInFlight = 2 },
            answer: { _, request in request.query("watch") == nil ? [.answer(200, list)] : [.stream] }
        ) { client, server in
            let watches = (0..<3).map { number in
                Task { for try await _ in client.observePods(namespace: "shop-\(number)") {} }
            }
            await server.received(6)
            let pods = try await client.pods(namespace: "shop")
            #expect(pods.items.isEmpty)
            for watch in watches { watch.cancel() }
            for watch in watches { _ = await watch.result }
        }
    }
}
