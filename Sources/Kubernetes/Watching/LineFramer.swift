import NIOCore

/// Cuts a stream of chunks into lines. What it holds is bounded: a line may be at most `limit` bytes long.
struct LineFramer {
    struct LineTooLong: Error { let limit: Int }

    private let limit: Int
    private var buffer = ByteBuffer()
    /// How many readable bytes are known to hold no line end.
    private var searched = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: the lines that this chunk completed, without their ends and without empty ones.
    mutating func append(_ chunk: ByteBuffer) throws(LineTooLong) -> [ByteBuffer] {
        var chunk = chunk
        buffer.writeBuffer(&chunk)
        var lines: [ByteBuffer] = []
        while let length = nextLineLength() {
            guard length <= limit else { throw LineTooLong(limit: limit) }
            let line = buffer.readSlice(length: length)
            buffer.moveReaderIndex(forwardBy: 1)
            searched = 0
            if let line, length > 0 { lines.append(line) }
        }
        guard buffer.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        buffer.discardReadBytes()
        return lines
    }

    /// What is left when the stream ends: a last line without a line end, or the first part of one that was cut.
    mutating func finish() -> ByteBuffer? {
        defer { buffer.clear() }
        return buffer.readableBytes == 0 ? nil : buffer
    }

    private mutating func nextLineLength() -> Int? {
        let view = buffer.readableBytesView
        guard let end = view[view.index(view.startIndex, offsetBy: searched)...].firstIndex(of: UInt8(ascii: "\n"))
        else {
            searched = view.count
            return nil
        }
        return view.distance(from: view.startIndex, to: end)
    }
}
