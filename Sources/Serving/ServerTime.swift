import FoundationEssentials

/// Time, so that a test can decide it.
struct ServerTime: Sendable {
    /// Monotonic: deadlines and rates.
    var now: @Sendable () -> ContinuousClock.Instant
    /// The calendar's time: timestamps in signatures.
    var date: @Sendable () -> Date
    var sleep: @Sendable (Duration) async throws -> Void

    static let system = ServerTime(
        now: { ContinuousClock.now }, date: { Date() }, sleep: { try await Task.sleep(for: $0) })
}
