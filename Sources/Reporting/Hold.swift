import FoundationEssentials

/// Why changes wait although nothing is wrong with them: a guard of the environment does not let them through yet.
public struct Hold: Sendable, Codable, Hashable {
    /// The raw values are stable.
    public enum Guard: String, Sendable, Codable, Hashable {
        /// It is outside of the environment's windows.
        case window
        /// Not enough people have approved the commit.
        case approvals
    }

    public var code: Guard
    /// One sentence for a person, without a full stop.
    public var message: String
    /// When it ends by itself; nil where that is not known.
    public var until: Date?

    public init(_ code: Guard, _ message: String, until: Date? = nil) {
        self.code = code
        self.message = message
        self.until = until
    }
}
