/// Reads the data types of RFC 4251, section 5, from bytes that nobody vouches for: every length is checked against what
/// is there before anything is taken.
struct SSHReader {
    /// What doesn't follow the format, in words that follow “it”, such as `ends in the middle of a field`.
    struct Malformed: Error, Hashable {
        let reason: String
    }

    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }
    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() throws(Malformed) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Self.truncated }
        return byte
    }

    /// Bytes without a length before them.
    mutating func bytes(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw Self.truncated }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func uint32() throws(Malformed) -> UInt32 {
        try bytes(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func uint64() throws(Malformed) -> UInt64 {
        try bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A length in four bytes, and as many bytes.
    mutating func string() throws(Malformed) -> ArraySlice<UInt8> {
        try bytes(Int(try uint32()))
    }

    /// A string that is a name: printable ASCII, at most 256 characters.
    mutating func name() throws(Malformed) -> String {
        let bytes = try string()
        guard bytes.count <= 256, bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            throw Malformed(reason: "has a name in it that is no name")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A positive number of at most `limit` bytes, without leading zeros.
    mutating func number(limit: Int) throws(Malformed) -> [UInt8] {
        let bytes = try string()
        guard bytes.first.map({ $0 < 0x80 }) ?? true else { throw Malformed(reason: "has a negative number in it") }
        let digits = bytes.drop { $0 == 0 }
        guard !digits.isEmpty, digits.count <= limit else {
            throw Malformed(reason: "has a number in it that is zero or too large")
        }
        return Array(digits)
    }

    /// Nothing may follow.
    func end() throws(Malformed) {
        guard rest.isEmpty else { throw Malformed(reason: "goes on after its end") }
    }

    private static let truncated = Malformed(reason: "ends in the middle of a field")
}

/// Writes the same data types.
struct SSHWriter {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ bytes: some Sequence<UInt8>) { self.bytes += bytes }

    mutating func uint32(_ value: UInt32) {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    /// - Precondition: shorter than 4 GiB, which everything is that was read.
    mutating func string(_ bytes: some Collection<UInt8>) {
        uint32(UInt32(bytes.count))
        raw(bytes)
    }

    mutating func string(_ text: String) { string(Array(text.utf8)) }

    /// A positive number, with a zero before it where its first bit is set.
    mutating func number(_ digits: some Collection<UInt8>) {
        let digits = Array(digits.drop { $0 == 0 })
        string(digits.first.map { $0 >= 0x80 } ?? false ? [0] + digits : digits)
    }
}
