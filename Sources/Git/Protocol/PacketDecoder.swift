/// Splits bytes, in whatever pieces they arrive, into packets. Holds no more than one incomplete packet and the piece
/// that came last.
struct PacketDecoder: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    /// True where nothing is left over: the only good moment for the bytes to end.
    var isEmpty: Bool { start == buffer.count }

    mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole packet; nil where more bytes are needed.
    ///
    /// - Throws: `packet-malformed` for a length that isn't four hexadecimal digits, is 3, or is over 65,520.
    mutating func next() throws(GitError) -> Packet? {
        guard buffer.count - start >= 4 else { return nil }
        let length = try length(of: buffer[start..<start + 4])
        switch length {
        case 0, 1, 2:
            start += 4
            return length == 0 ? .flush : length == 1 ? .delimiter : .responseEnd
        case 4...Packet.maximumLength:
            guard buffer.count - start >= length else { return nil }
            defer { start += length }
            return .data(Array(buffer[start + 4..<start + length]))
        default:
            throw Self.malformed("a packet of length \(length)")
        }
    }

    private func length(of digits: ArraySlice<UInt8>) throws(GitError) -> Int {
        var value = 0
        for byte in digits {
            switch byte {
            case 0x30...0x39: value = value << 4 | Int(byte - 0x30)
            case 0x41...0x46: value = value << 4 | Int(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | Int(byte - 0x61 + 10)
            default: throw Self.malformed("“\(printable(digits))” where the length of a packet belongs")
            }
        }
        return value
    }

    private static func malformed(_ what: String) -> GitError {
        .unreachable(
            "packet-malformed", "The server sent \(what): this isn't git's protocol",
            hint: "Check that the URL names a git repository and that no proxy or login script writes into the answer")
    }
}
