/// Whether this process does what it is there for, as `/readyz` tells it.
public struct Readiness: Sendable, Hashable, Encodable {
    public var isReady: Bool
    /// What is wrong, for a person. Must hold no secret. May be given while ready, for what does not keep it from working.
    public var reasons: [String]

    public init(isReady: Bool, reasons: [String] = []) {
        self.isReady = isReady
        self.reasons = reasons
    }

    private enum CodingKeys: String, CodingKey {
        case isReady = "ready"
        case reasons
    }
}
