import Documents

/// Columns aligned by spaces, as kubectl prints them: upper-case headings, three spaces between columns, no rules.
struct TextTable {
    private var rows: [[Cell]]

    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var colour: TerminalColour?
        /// Spaces up to the next column.
        var gap = 3

        init(_ text: String, _ colour: TerminalColour? = nil) {
            self.text = text
            self.colour = colour
        }

        init(stringLiteral value: String) { self.init(value) }
    }

    init(_ headings: String...) { self.init(headings.map { Cell($0) }) }

    init(_ headings: [Cell]) { rows = [headings] }

    mutating func add(_ cells: Cell...) { add(cells) }

    mutating func add(_ cells: [Cell]) { rows.append(cells) }

    var isEmpty: Bool { rows.count == 1 }

    /// In character cells, without the line feed.
    var width: Int { widths.reduce(0, +) + (rows.first ?? []).dropLast().map(\.gap).reduce(0, +) }

    func render(coloured: Bool) -> String {
        let widths = widths
        return rows.map { row in
            var line = ""
            var padding = 0
            for (index, cell) in row.enumerated() where !cell.text.isEmpty || index < row.count - 1 {
                if !cell.text.isEmpty {
                    line += String(repeating: " ", count: padding)
                    line += cell.colour.flatMap { coloured ? $0.wrap(cell.text) : nil } ?? cell.text
                    padding = 0
                }
                padding += widths[index] - cell.text.count + cell.gap
            }
            return line + "\n"
        }.joined()
    }

    private var widths: [Int] {
        rows.reduce(into: [Int](repeating: 0, count: rows.first?.count ?? 0)) { widths, row in
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.text.count)
            }
        }
    }
}

/// The few colours that the text output uses (ECMA-48 SGR).
public enum TerminalColour: Int, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 36
    case dim = 2
    case bold = 1

    func wrap(_ text: String) -> String { "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" }
}

/// Text from elsewhere (a container's message, a commit's subject) as it may be printed: on one line, and with nothing
/// in it that moves the cursor or changes the colours of a person's terminal.
package func printable(_ text: String) -> String {
    TerminalText.escaped(text.replacing("\n", with: " ").replacing("\t", with: " "))
}
