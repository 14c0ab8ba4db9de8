/// Keeps a rival who sets again and again what Descry puts right from a fight without end. Pure: the time is handed in.
///
/// An app that was put right ``limit`` times within ``window`` is left as it is for a while: a minute at first, and twice as long
/// each time that it drifts again soon after, up to ``longestPause``. Once it has stayed as it should for a window beyond the last
/// pause, all is forgotten.
struct DriftDamper: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Decision: Sendable, Hashable {
        case correct
        /// Leave it until then.
        case leave(until: Instant)
    }

    static let limit = 3
    static let window = Duration.seconds(600)
    static let firstPause = Duration.seconds(60)
    static let longestPause = Duration.seconds(3600)

    private struct Rivalry {
        var corrections: [Instant] = []
        /// How often in a row the app was left alone.
        var pauses = 0
        var pauseEnd: Instant?
    }

    private var rivalries: [String: Rivalry] = [:]

    init() {}

    /// The app differs from what the descriptor says, by somebody else's doing.
    mutating func drifted(_ app: String, _ now: Instant) -> Decision {
        var rivalry = rivalries[app] ?? Rivalry()
        defer { rivalries[app] = rivalry }
        if let end = rivalry.pauseEnd {
            if now < end { return .leave(until: end) }
            rivalry.pauseEnd = nil
            if now - end <= Self.window {
                rivalry.corrections.append(now)
                return .correct
            }
            rivalry = Rivalry()
        } else if rivalry.pauses > 0, let last = rivalry.corrections.last, now - last > Self.window {
            rivalry = Rivalry()
        }
        rivalry.corrections.removeAll { now - $0 > Self.window }
        if rivalry.pauses == 0, rivalry.corrections.count < Self.limit {
            rivalry.corrections.append(now)
            return .correct
        }
        rivalry.pauses += 1
        let pause = min(Self.firstPause * (1 << min(rivalry.pauses - 1, 10)), Self.longestPause)
        rivalry.pauseEnd = now + pause
        return .leave(until: now + pause)
    }

    /// The apps that are left as they are, with the moment when that ends.
    func left(_ now: Instant) -> [String: Instant] {
        rivalries.compactMapValues { $0.pauseEnd }.filter { now < $0.value }
    }
}
