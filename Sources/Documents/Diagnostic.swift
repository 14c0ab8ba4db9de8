/// One problem of an input file, for a person to mend.
///
/// The strings are as they are in the file; whoever prints them to a terminal uses ``description`` or
/// ``TerminalText/escaped(_:)``.
public struct Diagnostic: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable {
        case error
        case warning
    }

    public let severity: Severity
    /// Stable kebab-case name of the rule, such as `unknown-field`. Messages may improve, codes stay.
    public let code: String
    /// What is wrong: one sentence without its full stop.
    public let message: String
    /// What to do about it, where more can be said than the message says: one sentence without its full stop.
    public let hint: String?
    public let file: String
    /// Nil where the problem is the file as a whole, or a setting that did not come from a file.
    public let position: Position?
    /// Nil without a position, and where the line may hold a secret.
    public let excerpt: SourceExcerpt?

    /// The source line, clipped around the position where it is long.
    public var sourceLine: String? { excerpt?.text }

    public init(
        severity: Severity = .error, code: String, message: String, hint: String? = nil, file: String,
        position: Position? = nil, excerpt: SourceExcerpt? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
        self.position = position
        self.excerpt = excerpt
    }
}

/// The line that a diagnostic is about, or as much of it around the position as a terminal can show.
public struct SourceExcerpt: Sendable, Hashable {
    public let text: String
    /// How many Unicode scalars of ``text`` stand before the position.
    public let caret: Int
    public let isClippedBefore: Bool
    public let isClippedAfter: Bool

    public init(text: String, caret: Int, isClippedBefore: Bool = false, isClippedAfter: Bool = false) {
        self.text = text
        self.caret = caret
        self.isClippedBefore = isClippedBefore
        self.isClippedAfter = isClippedAfter
    }
}

/// The input is wrong, and trying again won't help (exit code 65). Carries every problem found in one run, in the order
/// of the file.
public struct Refused: Error, Sendable, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// At most 100 diagnostics, then how many more there are.
    public var description: String { diagnostics.rendered() }
}
