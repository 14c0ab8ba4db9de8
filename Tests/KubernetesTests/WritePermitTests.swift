import Synchronization
import Testing

@testable import Kubernetes

/// A guarded client asks before each attempt of each write, and never before a read.
@Suite struct WritePermitTests {
    private struct Deposed: Error, Equatable {}

    private static let map = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","resourceVersion":"2"}}"#

    private static func write(_ client: KubernetesClient) async throws {
        _ = try await client.write(ConfigMap(name: "a"), over: ConfigMap(name: "a"), namespace: "shop")
    }

    @Test func `a write without a permit is not sent, and a read is`() async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(200, Self.map)] }) { client, server in
            let deposed = client.guarded { throw Deposed() }
            await #expect(throws: Deposed()) { try await Self.write(deposed) }
            await #expect(throws: Deposed()) { _ = try await deposed.deletePod("a", uid: "u", namespace: "shop") }
            await #expect(throws: Deposed()) { try await Self.write(deposed.before(.now + .seconds(60))) }
            #expect(server.requests.isEmpty)
            _ = try await deposed.configMap("a", namespace: "shop")
            #expect(server.requests.count == 1)
        }
    }

    /// The lease may go while a write is tried again.
    @Test func `each attempt asks`() async throws {
        let asked = Mutex(0)
        try await KubernetesClient.with(answer: { _, _ in [.answer(503, "")] }) { client, server in
            let guarded = client.guarded {
                let count = asked.withLock { count in
                    count += 1
                    return count
                }
                if count == 3 { throw Deposed() }
            }
            await #expect(throws: Deposed()) { try await Self.write(guarded) }
            #expect(server.requests.count == 2)
        }
    }

    @Test func `both permits of a client that is guarded twice are asked, the first one first`() async throws {
        let order = Mutex<[Int]>([])
        try await KubernetesClient.with(answer: { _, _ in [.answer(200, Self.map)] }) { client, _ in
            let guarded = client.guarded { order.withLock { $0.append(1) } }.guarded { order.withLock { $0.append(2) } }
            try await Self.write(guarded)
            #expect(order.withLock { $0 } == [1, 2])
        }
    }

    /// A permit may wait, which its request's deadline bounds.
    @Test func `a permit that never comes ends by the deadline`() async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(200, Self.map)] }) { client, server in
            let (never, _) = AsyncStream<Void>.makeStream()
            let waiting = client.guarded { for await _ in never {} }.before(.now + .milliseconds(50))
            let error = try await kubernetesError { try await Self.write(waiting) }
            #expect(error?.code == "timed-out")
            #expect(server.requests.isEmpty)
        }
    }
}
