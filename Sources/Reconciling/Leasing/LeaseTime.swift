import FoundationEssentials

/// Time and chance, so that a test can decide both.
public struct LeaseTime: Sendable {
    /// Monotonic, and only ever compared with itself.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// The calendar's time, which is only ever shown.
    public var date: @Sendable () -> Date
    public var sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    /// Evenly distributed over 0..<1.
    public var random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant, date: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (_ until: ContinuousClock.Instant) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.date = date
        self.sleep = sleep
        self.random = random
    }

    public static let system = LeaseTime(
        now: { ContinuousClock.now },
        date: { Date() },
        sleep: { try await Task.sleep(until: $0, clock: .continuous) },
        random: { Double.random(in: 0..<1) })
}
