import Documents
import Testing

@Suite struct DiagnosticTextTests {
    /// The caret stands under the place, whatever stands before it. `^` in the rows is where it must be.
    @Test(arguments: [
        ("abc: &x 1", "  abc: &x 1", 5 + 2), ("é: &x 1", "  é: &x 1", 3 + 2),
        // Wide characters take two columns, combining marks none, a tab four, an escaped character as many as it shows.
        ("尺寸: &x 1", "  尺寸: &x 1", 6 + 2), ("😀: &x 1", "  😀: &x 1", 4 + 2),
        ("e\u{301}: &x 1", "  e\u{301}: &x 1", 3 + 2), ("{\ta: &x 1}", "  {    a: &x 1}", 8 + 2),
        ("{\"\u{202E}\": &x 1}", "  {\"\\u{202E}\": &x 1}", 13 + 2),
    ])
    func caretIsAligned(source: String, line: String, column: Int) throws {
        let lines = try rendered(source)
        #expect(lines[1] == line)
        #expect(lines[2] == String(repeating: " ", count: column) + "^")
    }

    @Test func longLinesAreClippedAroundTheCaret() throws {
        let keys = (0..<200).map { "k\($0): 尺" }.joined(separator: ", ")
        let diagnostic = try #require(diagnostics("{\(keys), x: &x 1, \(keys.replacing("k", with: "l"))}").first)
        let excerpt = try #require(diagnostic.excerpt)
        #expect(excerpt.text.unicodeScalars.count == 160)
        #expect(excerpt.caret == 60)
        #expect(excerpt.isClippedBefore && excerpt.isClippedAfter)
        #expect(excerpt.text.unicodeScalars.dropFirst(60).prefix(4).elementsEqual("&x 1".unicodeScalars))
        #expect(diagnostic.sourceLine == excerpt.text)
    }

    /// Neither a file's name nor its content may reach a terminal as a command to it.
    @Test func nothingActsOnTheTerminal() {
        let diagnostic = Diagnostic(
            code: "x", message: "a\u{1B}[2Jb", hint: "c\r\u{202E}d\u{9B}1m", file: "\u{7}f\n",
            position: Position(line: 1, column: 1, offset: 0),
            excerpt: SourceExcerpt(text: "\u{1B}]0;title\u{7}\u{85}\u{2028}", caret: 0))
        let active = diagnostic.description.unicodeScalars.filter {
            $0 != "\n" && ($0.properties.generalCategory == .control || $0.properties.generalCategory == .format)
        }
        #expect(active.isEmpty)
        #expect(diagnostic.description.split(separator: "\n").count == 3)
        #expect(diagnostic.description.hasPrefix("\\u{7}f\\u{A}:1:1: error[x]: a\\u{1B}[2Jb."))
    }

    /// Lines that may hold a secret are left out, and nothing else is.
    @Test(arguments: [
        ("password: &x hunter2", true), ("{\"token\" : &x hunter2}", true), ("a: &x https://u:hunter2@host/", true),
        ("client-key-data: &x hunter2", true), ("passwordFile: &x hunter2", false), ("tokens-of: &x hunter2", false),
        ("a: &x ssh://git@host/hunter2", false),
    ])
    func secretsAreNotShown(source: String, isHidden: Bool) throws {
        let text = try #require(diagnostics(source).first).description
        #expect(text.contains("hunter2") == !isHidden)
    }

    @Test func kubeconfigsAreNeverShown() {
        let document = Document(Array("users: &x hunter2".utf8), file: "f", limits: .kubeconfig)
        #expect(document.diagnostics.map(\.sourceLine) == [nil])
    }

    @Test func diagnosticsComeInTheOrderOfTheFile() {
        let document = Document(Array("a: &x 1\nb: &y 2\n".utf8), file: "f")
        document.error("late", at: Position(line: 1, column: 1, offset: 0), "told last")
        document.error("whole", "of the file")
        #expect(document.diagnostics.map(\.code) == ["whole", "late", "yaml-anchor", "yaml-anchor"])
    }

    private func rendered(_ source: String) throws -> [Substring] {
        try #require(diagnostics(source).first).description.split(separator: "\n")
    }

    private func diagnostics(_ source: String) -> [Diagnostic] { Document(Array(source.utf8), file: "f").diagnostics }
}
