import Documents

/// What `descry lint` found in a set of files.
public struct LintReport: Sendable, Encodable {
    /// One file.
    public struct File: Sendable, Encodable {
        public var file: String
        /// `descriptor` or `environment`; nil where the file could not be read.
        public var kind: String?
        public var isGood: Bool
        /// What a good file holds, such as `12 apps`; what a bad one has, such as `3 errors`.
        public var summary: String
        public var problems: [DiagnosticReport]
        /// As a person reads them, with the source line and a caret.
        private let text: String

        public init(file: String, kind: String?, isGood: Bool, summary: String, diagnostics: [Diagnostic]) {
            self.file = file
            self.kind = kind
            self.isGood = isGood
            self.summary = summary
            problems = diagnostics.map(DiagnosticReport.init)
            text = diagnostics.rendered()
        }

        private enum CodingKeys: String, CodingKey {
            case file, kind, isGood, summary, problems
        }

        fileprivate func render() -> String { text.isEmpty ? "" : text + "\n" }
    }

    public var files: [File]
    public var errors: Int
    public var warnings: Int

    public init(files: [File]) {
        self.files = files
        let problems = files.flatMap(\.problems)
        errors = problems.count { $0.severity == Diagnostic.Severity.error.rawValue }
        warnings = problems.count - errors
    }

    /// The problems of all files, for standard error.
    public var problemText: String { files.map { $0.render() }.joined() }

    /// One line a file, and one for them all.
    public func summaryText(style: TextStyle) -> String {
        var text = ""
        for file in files {
            let word = file.isGood ? style.paint("ok", .green) : style.paint("refused", .red)
            text += "\(TerminalText.escaped(file.file)): \(word), \(file.summary)\n"
        }
        return text
    }

    /// One test case a file.
    public var junit: JUnitReport {
        JUnitReport(
            name: "descry lint",
            cases: files.map { file in
                JUnitReport.Case(
                    name: file.file, className: "descry.lint", seconds: 0,
                    result: file.isGood
                        ? .passed
                        : .failed(
                            type: file.problems.first?.code ?? "refused", message: file.summary, text: file.render()))
            })
    }
}
