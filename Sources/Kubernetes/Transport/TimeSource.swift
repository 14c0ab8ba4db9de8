import FoundationEssentials

/// Time and chance, so that a test can decide both.
struct TimeSource: Sendable {
    /// Monotonic: deadlines and back-off.
    var now: @Sendable () -> ContinuousClock.Instant
    /// The calendar's time: expiry of tokens and certificates.
    var date: @Sendable () -> Date
    var sleep: @Sendable (Duration) async throws -> Void
    /// Evenly distributed over 0..<1.
    var random: @Sendable () -> Double

    static let system = TimeSource(
        now: { ContinuousClock.now },
        date: { Date() },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) })
}
