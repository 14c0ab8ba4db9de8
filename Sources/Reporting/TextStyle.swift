/// Whether the text output may use colours and redraw lines, and how wide a line may be.
public struct TextStyle: Sendable {
    /// The terminal's size in character cells; nil where the output is no terminal.
    public struct Terminal: Sendable {
        public var columns: Int
        public var rows: Int

        public init(columns: Int, rows: Int) {
            self.columns = columns
            self.rows = rows
        }
    }

    public var isColoured: Bool
    public var terminal: Terminal?

    /// - Parameter isColoured: a terminal that is not told otherwise (https://no-color.org).
    public init(isColoured: Bool, terminal: Terminal? = nil) {
        self.isColoured = isColoured
        self.terminal = terminal
    }

    public static let plain = TextStyle(isColoured: false)

    package func paint(_ text: String, _ colour: TerminalColour) -> String { isColoured ? colour.wrap(text) : text }
}
