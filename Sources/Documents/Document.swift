/// One file being read: its nodes, and every problem found so far by the YAML rules and by whoever decodes it.
///
/// A decoder reads ``root``, reports what is wrong with it, and at the end calls ``finish()``, so that one run names all
/// problems. Not `Sendable`: it lives inside one parsing function.
public final class Document {
    /// Problems beyond this number are counted only, so that 8 MiB of them do not become gigabytes.
    static let keptDiagnostics = 10_000

    public let file: String
    /// Nil where the bytes could not be read as YAML at all; the reason has then been reported.
    public private(set) var root: Node?

    private let lines: SourceLines
    private let showsSource: Bool
    private var found: [Finding] = []
    private var dropped = 0
    private var hiddenLines: [ClosedRange<Int>] = []

    private struct Finding {
        let severity: Diagnostic.Severity
        let code: String
        let message: String
        let hint: String?
        let position: Position?
    }

    /// Reads `bytes` as YAML (or JSON). `file` is the name to print: a path, `-`, or `commit:path`.
    public init(_ bytes: [UInt8], file: String, limits: YAMLLimits = .descriptor) {
        self.file = file
        lines = SourceLines(bytes: bytes)
        showsSource = limits.showsSource
        guard bytes.count <= limits.maxBytes else {
            error(
                "file-too-large",
                "the file has \(bytes.count) bytes, and at most \(limits.maxBytes) are read",
                hint: "Split it, or check that this is the right file")
            return
        }
        switch SourceText.check(bytes) {
        case .failure(let problem): report(problem)
        case .success(let text): root = NodeBuilder.build(text, limits: limits, reportingTo: self)
        }
    }

    /// True once an error (not a warning) has been reported.
    public var hasErrors: Bool { dropped > 0 || found.contains { $0.severity == .error } }

    /// Reports an error at the beginning of `node`.
    public func error(_ code: String, at node: Node, _ message: String, hint: String? = nil) {
        report(.error, code, at: node.start, message, hint: hint)
    }

    /// Reports an error at `position`.
    public func error(_ code: String, at position: Position, _ message: String, hint: String? = nil) {
        report(.error, code, at: position, message, hint: hint)
    }

    /// Reports an error of the file as a whole.
    public func error(_ code: String, _ message: String, hint: String? = nil) {
        report(.error, code, at: nil, message, hint: hint)
    }

    /// Reports something that works and is probably not meant.
    public func warning(_ code: String, at position: Position, _ message: String, hint: String? = nil) {
        report(.warning, code, at: position, message, hint: hint)
    }

    /// Keeps the lines of `node` out of every diagnostic, also of those reported before: it holds a secret.
    public func hideSource(of node: Node) {
        hiddenLines.append(node.start.line...max(node.start.line, node.end.line))
    }

    /// Everything reported so far, in the order of the file.
    public var diagnostics: [Diagnostic] {
        let order = found.indices.sorted {
            (found[$0].position?.offset ?? -1, $0) < (found[$1].position?.offset ?? -1, $1)
        }
        var result = order.map { index in
            let finding = found[index]
            return Diagnostic(
                severity: finding.severity, code: finding.code, message: finding.message, hint: finding.hint,
                file: file,
                position: finding.position, excerpt: finding.position.flatMap(excerpt))
        }
        if dropped > 0 {
            result.append(
                Diagnostic(code: "too-many-problems", message: "\(dropped) more problems are not listed", file: file))
        }
        return result
    }

    /// Throws if there was any error. Warnings alone do not refuse a file.
    public func finish() throws(Refused) {
        if hasErrors { throw Refused(diagnostics) }
    }

    private func report(
        _ severity: Diagnostic.Severity, _ code: String, at position: Position?, _ message: String, hint: String?
    ) {
        guard found.count < Self.keptDiagnostics else {
            dropped += 1
            return
        }
        found.append(Finding(severity: severity, code: code, message: message, hint: hint, position: position))
    }

    private func excerpt(at position: Position) -> SourceExcerpt? {
        guard showsSource, !hiddenLines.contains(where: { $0.contains(position.line) }) else { return nil }
        return lines.excerpt(at: position)
    }

    private func report(_ problem: TextProblem) {
        let position = lines.position(at: problem.offset)
        switch problem.kind {
        case .encoding(let name):
            error("not-utf-8", "the file is \(name)", hint: "Save it as UTF-8")
        case .invalidUTF8(let byte):
            error(
                "not-utf-8", at: position,
                "byte \(hex(UInt32(byte))) at offset \(problem.offset) is not part of valid UTF-8",
                hint: "Save the file as UTF-8")
        case .control(0):
            error(
                "binary-file", at: position, "a NUL byte at offset \(problem.offset): this is not a text file",
                hint: "Check that this is the right file, and that it is saved as UTF-8")
        case .control(let value):
            error(
                "control-character", at: position, "the control character U+\(hex(value)) is not allowed",
                hint: "Remove it, or write it as an escape in double quotes")
        case .lineSeparator(let value):
            error(
                "line-separator", at: position,
                "U+\(hex(value)) breaks the line for some YAML readers and is invisible in editors",
                hint: "Remove it, or write it as an escape in double quotes")
        }
    }

    private func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return value <= 0xFF && digits.count < 2 ? "0" + digits : digits
    }
}
