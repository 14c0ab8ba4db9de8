/// Time and chance as the loop takes them, so that a test can decide both.
public struct LoopTime: Sendable {
    public var now: @Sendable () -> ContinuousClock.Instant
    public var sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    /// Evenly distributed over 0..<1.
    public var random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (ContinuousClock.Instant) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    public static let system = LoopTime(
        now: { .now }, sleep: { try await ContinuousClock().sleep(until: $0) }, random: { .random(in: 0..<1) })
}

extension Duration {
    /// This duration, a tenth more or less: so that what began together does not stay together.
    func jittered(_ chance: Double) -> Duration { self * (0.9 + 0.2 * chance) }
}
