/// What the clocks of a time zone showed and will show: the content of a time zone file.
///
/// Source: RFC 8536, “The Time Zone Information Format (TZif)”, versions 1 to 4.
struct ZoneRules: Sendable, Hashable {
    /// Instants at which the clock changed, in seconds since 1970, ascending, and the offset from then on.
    private let changes: [Int64]
    private let offsets: [Int]
    /// Before the first change.
    private let first: Int
    /// After the last change; nil where the last offset stays.
    private let rule: PosixTimeZone?

    /// No changes, ever.
    static let utc = ZoneRules(changes: [], offsets: [], first: 0, rule: nil)

    /// What is wrong with a file.
    struct Malformed: Error, Hashable {
        let reason: String
    }

    private init(changes: [Int64], offsets: [Int], first: Int, rule: PosixTimeZone?) {
        (self.changes, self.offsets, self.first, self.rule) = (changes, offsets, first, rule)
    }

    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ZoneReader(bytes)
        let header = try reader.header()
        guard header.version >= 2 else {
            self = try Self.read(&reader, header, wide: false, rule: nil)
            return
        }
        // Version 1's block, with its 32 bits, comes first and says less.
        try reader.skip(header.size(wide: false))
        let wide = try reader.header()
        let block = try reader.block(wide, wide: true)
        let rule = try reader.footer()
        self = try Self.make(block, rule: rule)
    }

    private static func read(
        _ reader: inout ZoneReader, _ header: ZoneReader.Header, wide: Bool, rule: PosixTimeZone?
    ) throws(Malformed) -> ZoneRules {
        try make(try reader.block(header, wide: wide), rule: rule)
    }

    private static func make(_ block: ZoneReader.Block, rule: PosixTimeZone?) throws(Malformed) -> ZoneRules {
        guard zip(block.changes, block.changes.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw Malformed(reason: "its changes are not in order")
        }
        let offsets = try block.types.map { type throws(Malformed) in
            guard type < block.offsets.count else { throw Malformed(reason: "a change names a type that isn't there") }
            return block.offsets[type]
        }
        guard let first = block.offsets.first else { throw Malformed(reason: "it has no offset") }
        return ZoneRules(changes: block.changes, offsets: offsets, first: first, rule: rule)
    }

    /// Seconds to add to UTC at an instant, in seconds since 1970.
    func offset(at instant: Int64) -> Int {
        let index = position(of: instant)
        if index == changes.count, let rule { return rule.offset(at: instant) }
        return index == 0 ? first : offsets[index - 1]
    }

    /// What a clock on the wall shows.
    func civilTime(at instant: Int64) -> CivilTime { CivilTime(seconds: instant + Int64(offset(at: instant))) }

    /// The next instant at which the clock may change; nil where it never does again.
    func nextChange(after instant: Int64) -> Int64? {
        let index = position(of: instant)
        if index < changes.count { return changes[index] }
        return rule?.nextChange(after: instant)
    }

    /// How many changes there have been by then.
    private func position(of instant: Int64) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= instant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Reads a time zone file piece by piece.
private struct ZoneReader {
    struct Header {
        let version: Int
        let utcIndicators: Int
        let standardIndicators: Int
        let leapSeconds: Int
        let changes: Int
        let types: Int
        let names: Int

        /// Of the block that follows, in bytes.
        func size(wide: Bool) -> Int {
            let time = wide ? 8 : 4
            return changes * (time + 1) + types * 6 + names + leapSeconds * (time + 4) + standardIndicators
                + utcIndicators
        }
    }

    struct Block {
        var changes: [Int64] = []
        var types: [Int] = []
        var offsets: [Int] = []
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func header() throws(ZoneRules.Malformed) -> Header {
        guard try take(4).elementsEqual("TZif".utf8) else {
            throw ZoneRules.Malformed(reason: "it doesn't begin with TZif")
        }
        let version = try take(1).first ?? 0
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try integer(4))) }
        // A file of the real world has a few hundred of each.
        guard counts.allSatisfy({ (0...100_000).contains($0) }), (1...256).contains(counts[4]) else {
            throw ZoneRules.Malformed(reason: "its counts make no sense")
        }
        return Header(
            version: version == 0 ? 1 : Int(version) - 0x30, utcIndicators: counts[0], standardIndicators: counts[1],
            leapSeconds: counts[2], changes: counts[3], types: counts[4], names: counts[5])
    }

    mutating func block(_ header: Header, wide: Bool) throws(ZoneRules.Malformed) -> Block {
        let size = wide ? 8 : 4
        var block = Block()
        for _ in 0..<header.changes { block.changes.append(try integer(size)) }
        for _ in 0..<header.changes { block.types.append(Int(try integer(1)) & 0xff) }
        for _ in 0..<header.types {
            let offset = Int(try integer(4))
            // RFC 8536 section 3.2 asks for less than about 25 hours; a zone beyond it is no zone.
            guard abs(offset) <= 26 * 3600 else { throw ZoneRules.Malformed(reason: "an offset is beyond a day") }
            block.offsets.append(offset)
            try skip(2)
        }
        try skip(
            header.names + header.leapSeconds * (size + 4) + header.standardIndicators + header.utcIndicators)
        return block
    }

    /// The rule between two newlines; nil where there is none, so that the last offset stays.
    mutating func footer() throws(ZoneRules.Malformed) -> PosixTimeZone? {
        guard try integer(1) == 0x0a, let end = bytes[position...].firstIndex(of: 0x0a) else {
            throw ZoneRules.Malformed(reason: "its last line is missing")
        }
        let text = String(decoding: bytes[position..<end], as: UTF8.self)
        if text.isEmpty { return nil }
        guard let rule = PosixTimeZone(text) else { throw ZoneRules.Malformed(reason: "its last line is no rule") }
        return rule
    }

    mutating func skip(_ count: Int) throws(ZoneRules.Malformed) { _ = try take(count) }

    private mutating func take(_ count: Int) throws(ZoneRules.Malformed) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw ZoneRules.Malformed(reason: "it is cut short") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// Signed, the most significant byte first.
    private mutating func integer(_ count: Int) throws(ZoneRules.Malformed) -> Int64 {
        let bytes = try take(count)
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = UInt64(64 - count * 8)
        return Int64(bitPattern: value << unused) >> Int64(unused)
    }
}
