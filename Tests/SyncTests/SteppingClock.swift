import Synchronization

/// A clock that stands until somebody sleeps, and is then at once where he wants to wake up: minutes pass in no time.
final class SteppingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    private let state = Mutex((now: Instant(offset: .zero), pauses: 0))

    var now: Instant { state.withLock(\.now) }
    var minimumResolution: Duration { .zero }
    var pauses: Int { state.withLock(\.pauses) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.now = max(state.now, deadline)
            state.pauses += 1
        }
        await Task.yield()
    }
}
