import Testing

@testable import Kubernetes

/// A consumer that is slower than the server gets fewer, newer states, and never a wrong one.
@Suite struct ObservationBufferTests {
    struct Thing: Sendable, Equatable {
        var name: String
        var version: Int
    }

    private let buffer = ObservationBuffer<Thing>(name: { $0.name })
    private static let lost = KubernetesError(code: "connection-lost", category: .unreachable, message: "")

    private func next() async throws -> Observation<Thing>? { try await buffer.next() }

    @Test func ofSeveralChangesTheNewestIsKept() async throws {
        for version in 1...1000 { buffer.put(.changed(Thing(name: "a", version: version))) }
        buffer.put(.changed(Thing(name: "b", version: 1)))
        buffer.put(.changed(Thing(name: "a", version: 1001)))
        buffer.finish(.success(()))
        #expect(try await next() == .changed(Thing(name: "a", version: 1001)))
        #expect(try await next() == .changed(Thing(name: "b", version: 1)))
        #expect(try await next() == nil)
    }

    @Test func aDeletionReplacesAChangeAndTheOtherWayRound() async throws {
        buffer.put(.changed(Thing(name: "a", version: 1)))
        buffer.put(.deleted(Thing(name: "a", version: 2)))
        buffer.put(.deleted(Thing(name: "b", version: 1)))
        buffer.put(.changed(Thing(name: "b", version: 2)))
        #expect(try await next() == .deleted(Thing(name: "a", version: 2)))
        #expect(try await next() == .changed(Thing(name: "b", version: 2)))
    }

    @Test func aSnapshotTakesInWhatFollowsAndDropsWhatWasBefore() async throws {
        buffer.put(.changed(Thing(name: "old", version: 1)))
        buffer.replace([Thing(name: "a", version: 1), Thing(name: "b", version: 1)])
        buffer.put(.changed(Thing(name: "a", version: 2)))
        buffer.put(.deleted(Thing(name: "b", version: 2)))
        #expect(try await next() == .snapshot([Thing(name: "a", version: 2)]))
        buffer.put(.deleted(Thing(name: "a", version: 3)))
        #expect(try await next() == .deleted(Thing(name: "a", version: 3)))
    }

    @Test func anInterruptionIsOverWithTheNextObservation() async throws {
        buffer.interrupt(Self.lost)
        buffer.interrupt(Self.lost)
        #expect(try await next() == .interrupted(Self.lost))
        buffer.interrupt(Self.lost)
        buffer.put(.changed(Thing(name: "a", version: 1)))
        buffer.finish(.success(()))
        #expect(try await next() == .changed(Thing(name: "a", version: 1)))
        #expect(try await next() == nil)
    }

    @Test func aFailureComesAfterWhatWasObservedAndOnce() async throws {
        buffer.put(.changed(Thing(name: "a", version: 1)))
        buffer.finish(.failure(Self.lost))
        #expect(try await next() == .changed(Thing(name: "a", version: 1)))
        await #expect(throws: Self.lost) { try await next() }
        #expect(try await next() == nil)
    }

    @Test func aWaitingConsumerGetsWhatComes() async throws {
        async let first = next()
        buffer.put(.changed(Thing(name: "a", version: 1)))
        #expect(try await first == .changed(Thing(name: "a", version: 1)))
    }

    @Test func aCancelledConsumerIsLetGo() async throws {
        let task = Task { try await next() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
