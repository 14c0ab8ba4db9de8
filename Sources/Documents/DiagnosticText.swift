extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error[code]: what. hint`, then the source line and a caret under the place, ready for a terminal:
    /// nothing in it can move the cursor or change colours.
    public var description: String {
        guard let excerpt else { return oneLine }
        return oneLine + "\n" + excerpt.rendered
    }

    /// The same without the source line: for logs, and for whoever should not see the file.
    public var oneLine: String {
        let place = position.map { "\(file):\($0.line):\($0.column)" } ?? file
        var text = "\(place): \(severity.rawValue)[\(code)]: \(sentence(message))"
        if let hint { text += " \(sentence(hint))" }
        return TerminalText.escaped(text)
    }

    private func sentence(_ text: String) -> String { text.last == "?" || text.last == "." ? text : text + "." }
}

extension SourceExcerpt {
    /// Two lines, both indented by two spaces. The caret stays under its character behind tabs, wide characters and
    /// escaped control characters.
    fileprivate var rendered: String {
        var line = isClippedBefore ? "…" : ""
        var column = isClippedBefore ? 1 : 0
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let (shown, width) = TerminalText.cell(scalar)
            line += shown
            if index < caret { column += width }
        }
        if isClippedAfter { line += "…" }
        return "  \(line)\n  \(String(repeating: " ", count: column))^"
    }
}

extension Sequence where Element == Diagnostic {
    /// One diagnostic after the other, at most `limit` of them, then `and N more`.
    public func rendered(limit: Int = 100) -> String {
        var lines: [String] = []
        var left = 0
        for diagnostic in self {
            if lines.count < limit { lines.append(diagnostic.description) } else { left += 1 }
        }
        if left > 0 { lines.append("and \(left) more") }
        return lines.joined(separator: "\n")
    }
}
