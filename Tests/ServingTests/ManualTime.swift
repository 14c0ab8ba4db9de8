import FoundationEssentials
import Synchronization

@testable import Serving

/// Time that stands still until the test moves it.
final class ManualTime: Sendable {
    private struct Sleeper {
        var wakes: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var now = ContinuousClock.now
        var date = Date(timeIntervalSince1970: 1_763_722_497)
        var sleepers: [Int: Sleeper] = [:]
        var next = 0
        var observers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        /// Those who wait for so many sleepers.
        mutating func satisfied() -> [CheckedContinuation<Void, Never>] {
            let ready = observers.filter { $0.count <= sleepers.count }.map(\.continuation)
            observers.removeAll { $0.count <= sleepers.count }
            return ready
        }
    }
    private let state = Mutex(State())

    var source: ServerTime {
        ServerTime(
            now: { self.state.withLock { $0.now } }, date: { self.state.withLock { $0.date } },
            sleep: { try await self.sleep($0) })
    }

    var date: Date { state.withLock { $0.date } }

    /// Returns when so many tasks sleep.
    func untilAsleep(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state in
                state.observers.append((count, continuation))
                return state.satisfied()
            }
            for continuation in ready { continuation.resume() }
        }
    }

    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            state.date += duration / .seconds(1)
            let now = state.now
            let due = state.sleepers.filter { $0.value.wakes <= now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    private func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready = state.withLock { state in
                    state.sleepers[id] = Sleeper(wakes: state.now + duration, continuation: continuation)
                    return state.satisfied()
                }
                for continuation in ready { continuation.resume() }
                // Cancelled before it was noted: the handler found nothing.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
    }
}
