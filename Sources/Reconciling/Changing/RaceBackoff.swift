/// How long to wait after a lost race before the next try: at random within a window that is about as long as the race, and doubles
/// with each loss, so that any number of writers gets out of each other's way.
///
/// The rule is that of Ethernet (IEEE 802.3, truncated binary exponential backoff).
struct RaceBackoff: Sendable, Hashable {
    private(set) var losses = 0

    static let shortest = Duration.milliseconds(10)
    static let longest = Duration.seconds(4)

    /// - Parameter race: how long it took from the look at the branch to the server's answer. Where servers are slow, as under
    ///   many writers, it is long, and so is the window.
    mutating func pause(after race: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        let slot = max(race * 2, Self.shortest)
        let window = min(slot * (1 << min(losses, 10)), max(Self.longest, slot))
        losses += 1
        return window * Double.random(in: 0..<1, using: &generator)
    }
}
