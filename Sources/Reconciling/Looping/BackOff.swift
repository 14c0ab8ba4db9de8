/// How long to wait after failures in a row: each time twice as long, up to a limit, and never for all at the same moment.
struct BackOff: Sendable, Hashable {
    let first: Duration
    let longest: Duration
    private(set) var failures = 0

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// Counts a failure.
    ///
    /// - Parameters:
    ///   - chance: 0..<1; half of the pause depends on it.
    ///   - least: what the other side asked for, as by `Retry-After`.
    /// - Returns: how long to wait. `least` goes over the limit.
    mutating func failed(chance: Double, atLeast least: Duration? = nil) -> Duration {
        failures += 1
        let full = min(first * (1 << min(failures - 1, 30)), longest)
        let pause = full / 2 + full * (chance / 2)
        return least.map { max($0, pause) } ?? pause
    }

    mutating func succeeded() { failures = 0 }
}
