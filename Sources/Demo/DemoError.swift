/// What ends the demo early.
public struct DemoError: Error, Sendable, CustomStringConvertible {
    /// Stable.
    public let code: String
    public let message: String
    public let hint: String?

    init(_ code: String, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    public var description: String { message }
}
