import Documents

/// One problem of an input file, as JSON output holds it.
public struct DiagnosticReport: Sendable, Encodable, Hashable {
    public var severity: String
    public var code: String
    public var message: String
    public var hint: String?
    public var file: String
    /// Counted from 1; nil where the problem is the file as a whole.
    public var line: Int?
    public var column: Int?

    public init(_ diagnostic: Diagnostic) {
        severity = diagnostic.severity.rawValue
        code = diagnostic.code
        message = diagnostic.message
        hint = diagnostic.hint
        file = diagnostic.file
        line = diagnostic.position?.line
        column = diagnostic.position?.column
    }
}
