/// How long to wait after a lost race before the next try: at random within a window that is about as long as a try takes, and
/// doubles with each loss, so that any number of writers gets out of each other's way.
///
/// The rule is that of Ethernet (IEEE 802.3, truncated binary exponential backoff).
struct RaceBackoff: Sendable, Hashable {
    private(set) var losses = 0

    static let shortest = Duration.milliseconds(10)
    static let longestSlot = Duration.milliseconds(200)
    static let longest = Duration.seconds(2)

    /// - Parameter attempt: how long the try took that was lost.
    mutating func pause(after attempt: Duration, using generator: inout some RandomNumberGenerator) -> Duration {
        // A try that takes longer waits for its connections, and the race is run in its last part only.
        let slot = min(max(attempt, Self.shortest), Self.longestSlot)
        let window = min(slot * (1 << min(losses, 10)), Self.longest)
        losses += 1
        return window * Double.random(in: 0..<1, using: &generator)
    }
}
