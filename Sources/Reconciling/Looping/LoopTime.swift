import FoundationEssentials

/// Time and chance as the loop takes them, so that a test can decide both.
public struct LoopTime: Sendable {
    /// Monotonic, and only ever compared with itself.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// The calendar's time, which is only ever shown.
    public var date: @Sendable () -> Date
    public var sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    /// Evenly distributed over 0..<1.
    public var random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant, date: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (ContinuousClock.Instant) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.date = date
        self.sleep = sleep
        self.random = random
    }

    public static let system = LoopTime(
        now: { .now }, date: { Date() }, sleep: { try await ContinuousClock().sleep(until: $0) },
        random: { .random(in: 0..<1) })

    var lease: LeaseTime { LeaseTime(now: now, date: date, sleep: sleep, random: random) }
}

extension Duration {
    /// This duration, a tenth more or less: so that what began together does not stay together.
    func jittered(_ chance: Double) -> Duration { self * (0.9 + 0.2 * chance) }
}
