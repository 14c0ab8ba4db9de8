import Synchronization

/// A clock that stands until somebody sleeps, and is then at once where he wants to wake up: minutes pass in no time.
package final class SteppingClock: Clock {
    package struct Instant: InstantProtocol {
        package var offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        package func duration(to other: Instant) -> Duration { other.offset - offset }
        package static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    package init() {}

    private let state = Mutex((now: Instant(offset: .zero), pauses: 0))

    package var now: Instant { state.withLock(\.now) }
    package var minimumResolution: Duration { .zero }
    package var pauses: Int { state.withLock(\.pauses) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.now = max(state.now, deadline)
            state.pauses += 1
        }
        await Task.yield()
    }
}
