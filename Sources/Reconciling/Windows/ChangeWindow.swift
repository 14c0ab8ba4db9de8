/// A weekly time in one time zone at which changes may be made, or may not.
///
/// It is the time that a clock on the wall there shows. So where clocks are put forward, what would lie in the hour that is
/// left out does not come that day; where they are put back, what lies in the hour that comes twice comes twice.
public struct ChangeWindow: Sendable, Hashable, CustomStringConvertible {
    public enum Effect: String, Sendable, Hashable, CaseIterable {
        case allow, deny
    }

    public let effect: Effect
    /// As the environment file has it, such as `Mon-Fri 08:00-17:00`.
    public let text: String
    /// Such as `Europe/Berlin`.
    public let timezone: String
    private let times: WindowText
    private let rules: ZoneRules
    private let edges: [Int64]

    /// - Parameter instant: in seconds since 1970.
    init(effect: Effect, text: String, times: WindowText, timezone: String, rules: ZoneRules) {
        self.effect = effect
        self.text = text
        self.timezone = timezone
        self.times = times
        self.rules = rules
        edges = times.edges
    }

    public var description: String { "\(effect.rawValue) \(text) \(timezone)" }

    /// Whether an instant, in seconds since 1970, is inside.
    public func contains(_ instant: Int64) -> Bool { times.contains(rules.civilTime(at: instant)) }

    /// The next instant at which ``contains(_:)`` may change. Between two of them it doesn't.
    func nextEdge(after instant: Int64) -> Int64 {
        let now = rules.civilTime(at: instant)
        let second = now.secondOfDay
        let edge = edges.first { $0 > second } ?? CivilTime.secondsOfDay + (edges.first ?? 0)
        let next = instant + edge - second
        return rules.nextChange(after: instant).map { min($0, next) } ?? next
    }
}
