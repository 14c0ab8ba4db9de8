import CLibYAML

/// A syntax error of libyaml, in words that help: its own context and problem, and a hint for the usual mistakes.
struct SyntaxProblem {
    private let error: YAMLSyntaxError
    private var text: SourceText

    init(_ error: YAMLSyntaxError, text: SourceText) {
        self.error = error
        self.text = text
    }

    mutating func report(to document: Document) {
        let position = text.position(blamedMark)
        if let marker = conflictMarker() {
            document.error(
                "merge-conflict", at: marker, "git left a merge conflict here",
                hint: "Choose one side, and remove the marker lines")
            return
        }
        if let tab = tabInIndentation(before: position) {
            document.error("tab-indentation", at: tab, "a tab cannot indent YAML", hint: "Indent with spaces")
            return
        }
        if error.problem == "found invalid Unicode character escape code" {
            document.error(
                "unicode-escape", at: position,
                "this \\u escape is not a character: it is half of a surrogate pair, or too large",
                hint: "Write the character itself, or as \\U with 8 hex digits")
            return
        }
        document.error("yaml-syntax", at: position, message(at: position), hint: hint)
    }

    /// libyaml notices some mistakes long after them, and then names their beginning as the context.
    private var blamedMark: yaml_mark_t {
        let isLate = ["found unexpected end of stream", "could not find expected ':'"].contains(error.problem)
        return isLate && error.context != nil ? error.contextMark : error.problemMark
    }

    /// The first line that begins as git's conflict markers do.
    private func conflictMarker() -> Position? {
        let bytes = text.bytes
        for offset in text.start..<bytes.count where bytes[offset] == UInt8(ascii: "<") {
            let isLineStart = offset == text.start || bytes[offset - 1] == 0x0A || bytes[offset - 1] == 0x0D
            if isLineStart, bytes[offset...].starts(with: "<<<<<<< ".utf8) {
                return SourceLines(bytes: bytes).position(at: offset)
            }
        }
        return nil
    }

    private mutating func message(at position: Position) -> String {
        guard let context = error.context else { return error.problem }
        let begins = text.position(error.contextMark)
        let place = begins.line == position.line ? "" : " that begins on line \(begins.line)"
        return "\(error.problem) \(context)\(place)"
    }

    private var hint: String? {
        switch error.problem {
        case "mapping values are not allowed in this context":
            "Check the indentation, and quote a value that contains a colon and a space"
        case "could not find expected ':'": "Write `key: value`, with a space behind the colon"
        case "found character that cannot start any token": "Quote a value that begins with this character"
        case "did not find expected key", "did not find expected '-' indicator":
            "Check the indentation: entries of one mapping or list begin in the same column"
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            "Close the bracket, or separate the values with a comma"
        case "found unexpected end of stream": "Close the quote or the bracket"
        case "found unknown escape character":
            "Double a backslash in double quotes, or use single quotes"
        case "found incompatible YAML document": "Remove the %YAML line, or write %YAML 1.2"
        case "found undefined tag handle": "Remove the tag"
        default: nil
        }
    }

    /// The first tab in the white space at the beginning of the line, where the error lies in or right behind it. libyaml's
    /// own words for it differ with the place.
    private func tabInIndentation(before position: Position) -> Position? {
        let bytes = text.bytes
        var lineStart = position.offset
        while lineStart > text.start, bytes[lineStart - 1] != 0x0A, bytes[lineStart - 1] != 0x0D { lineStart -= 1 }
        for offset in lineStart..<bytes.count {
            if bytes[offset] == 0x09 {
                return Position(line: position.line, column: offset - lineStart + 1, offset: offset)
            }
            if bytes[offset] != 0x20 && bytes[offset] != UInt8(ascii: "-") { return nil }
        }
        return nil
    }
}
