import Testing

@testable import Reconciling

/// Waiting after a lost race.
@Suite struct RaceBackoffTests {
    /// The highest number there is: the end of every window.
    private struct Highest: RandomNumberGenerator {
        func next() -> UInt64 { .max }
    }

    @Test func `the window is as long as the race and back, doubles with each loss, and is bounded`() {
        var backoff = RaceBackoff()
        var generator = Highest()
        let pauses = (0..<8).map { _ in backoff.pause(after: .milliseconds(30), using: &generator) }
        let windows: [Duration] = [60, 120, 240, 480, 960, 1920, 3840, 4000].map { .milliseconds($0) }
        for (pause, window) in zip(pauses, windows) {
            #expect(pause <= window && pause > window * 0.99)
        }
    }

    @Test func `races that take no time, or very long, are no exception`() {
        var generator = Highest()
        var fast = RaceBackoff()
        #expect(fast.pause(after: .zero, using: &generator) > .milliseconds(9))
        var slow = RaceBackoff()
        for _ in 0..<100 {
            let pause = slow.pause(after: .seconds(5), using: &generator)
            #expect(pause <= .seconds(10) && pause > .seconds(9))
        }
    }

    @Test func `pauses differ`() {
        var generator = SystemRandomNumberGenerator()
        let pauses = (0..<20).map { _ in
            var backoff = RaceBackoff()
            return backoff.pause(after: .seconds(1), using: &generator)
        }
        #expect(Set(pauses).count > 10)
    }
}
