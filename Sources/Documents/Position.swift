/// A place in a file.
///
/// Stored in 32 bits each: a node holds two positions, and a descriptor may hold a hundred thousand nodes. Files are
/// bounded to far less than 4 GiB (see ``YAMLLimits``).
public struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let storedLine: UInt32
    private let storedColumn: UInt32
    private let storedOffset: UInt32

    public init(line: Int, column: Int, offset: Int) {
        storedLine = UInt32(clamping: line)
        storedColumn = UInt32(clamping: column)
        storedOffset = UInt32(clamping: offset)
    }

    /// 1-based. Lines end with LF, CR or CRLF.
    public var line: Int { Int(storedLine) }
    /// 1-based, counted in Unicode scalars; a byte order mark does not count.
    public var column: Int { Int(storedColumn) }
    /// 0-based, counted in bytes from the beginning of the file, a byte order mark included.
    public var offset: Int { Int(storedOffset) }

    public static func < (left: Position, right: Position) -> Bool { left.storedOffset < right.storedOffset }

    /// `line:column`, as compilers print it.
    public var description: String { "\(line):\(column)" }
}
