import CLibYAML

/// The bytes of one file, known to be UTF-8 text without characters that YAML forbids, and the way from what libyaml
/// counts (Unicode scalars) to bytes.
struct SourceText {
    let bytes: [UInt8]
    /// 3 behind a UTF-8 byte order mark, else 0.
    let start: Int
    /// Byte offsets of every 128th scalar. Empty where the text is ASCII, since index and offset are then the same.
    private let checkpoints: [UInt32]
    /// The last answer: marks come nearly in order, so the next one is mostly a few bytes ahead.
    private var last = (index: 0, offset: 0)

    private var endPosition: Position?

    private init(bytes: [UInt8], start: Int, checkpoints: [UInt32]) {
        self.bytes = bytes
        self.start = start
        self.checkpoints = checkpoints
        last.offset = start
    }

    private static let stride = 128

    /// Takes over `bytes`, or says what keeps them from being text.
    static func check(_ bytes: [UInt8]) -> Result<SourceText, TextProblem> {
        if let encoding = foreignEncoding(bytes) {
            return .failure(TextProblem(kind: .encoding(encoding), offset: 0))
        }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        return bytes.withUnsafeBufferPointer { buffer in
            var scan = UTF8Scan(bytes: buffer, offset: start)
            if let problem = scan.run() {
                // What holds a NUL is no text, whatever else is wrong before it.
                let nul = bytes.firstIndex(of: 0)
                return .failure(nul.map { TextProblem(kind: .control(0), offset: $0) } ?? problem)
            }
            let checkpoints = scan.isASCII ? [] : Self.checkpoints(of: buffer, from: start)
            return .success(SourceText(bytes: bytes, start: start, checkpoints: checkpoints))
        }
    }

    /// By the byte order mark, which YAML 1.2 §5.2 lets a file begin with.
    private static func foreignEncoding(_ bytes: [UInt8]) -> String? {
        if bytes.starts(with: [0xFF, 0xFE, 0, 0]) || bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
        return nil
    }

    private static func checkpoints(of buffer: UnsafeBufferPointer<UInt8>, from start: Int) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(buffer.count / stride + 1)
        var index = 0
        for offset in start..<buffer.count where buffer[offset] & 0xC0 != 0x80 {
            if index % stride == 0 { result.append(UInt32(offset)) }
            index += 1
        }
        return result
    }

    /// The place of one of libyaml's marks, which count Unicode scalars.
    mutating func position(_ mark: yaml_mark_t) -> Position {
        let offset = offset(ofScalar: mark.index)
        // At the end of a file without a newline libyaml counts one that isn't there.
        if offset == bytes.count { return end() }
        return Position(line: mark.line + 1, column: mark.column + 1, offset: offset)
    }

    private mutating func end() -> Position {
        if let known = endPosition { return known }
        let position = SourceLines(bytes: bytes).position(at: bytes.count)
        endPosition = position
        return position
    }

    /// The byte offset of the scalar that libyaml counts as `index`.
    private mutating func offset(ofScalar index: Int) -> Int {
        guard !checkpoints.isEmpty else { return min(start + index, bytes.count) }
        if index < last.index || index - last.index > Self.stride {
            guard index / Self.stride < checkpoints.count else { return bytes.count }
            last = (index / Self.stride * Self.stride, Int(checkpoints[index / Self.stride]))
        }
        bytes.withUnsafeBufferPointer { bytes in
            while last.index < index, last.offset < bytes.count {
                last.offset += 1
                while last.offset < bytes.count, bytes[last.offset] & 0xC0 == 0x80 { last.offset += 1 }
                last.index += 1
            }
        }
        return last.offset
    }
}

/// Why bytes are not text.
struct TextProblem: Error {
    enum Kind {
        /// A byte order mark of another encoding.
        case encoding(String)
        case invalidUTF8(UInt8)
        case control(UInt32)
        /// U+0085, U+2028 or U+2029.
        case lineSeparator(UInt32)
    }

    let kind: Kind
    /// The byte at which it was seen.
    let offset: Int
}

/// One pass over the bytes. libyaml would find the same, but counts no byte offset and says less.
private struct UTF8Scan {
    let bytes: UnsafeBufferPointer<UInt8>
    var offset: Int
    var isASCII = true

    init(bytes: UnsafeBufferPointer<UInt8>, offset: Int) {
        self.bytes = bytes
        self.offset = offset
    }

    mutating func run() -> TextProblem? {
        while offset < bytes.count {
            let byte = bytes[offset]
            if byte >= 0x20 && byte < 0x7F || byte == 0x0A {
                offset += 1
            } else if byte < 0x80 {
                guard byte == 0x09 || byte == 0x0D else { return problem(.control(UInt32(byte))) }
                offset += 1
            } else {
                isASCII = false
                if let problem = multiByte(byte) { return problem }
            }
        }
        return nil
    }

    /// Unicode, table 3-7 (well-formed UTF-8 byte sequences).
    private mutating func multiByte(_ lead: UInt8) -> TextProblem? {
        let (length, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        default: return problem(.invalidUTF8(lead))
        }
        guard offset + length <= bytes.count, second.contains(bytes[offset + 1]) else {
            return problem(.invalidUTF8(lead))
        }
        var value = UInt32(lead) & (0xFF >> UInt32(length + 1))
        for index in 1..<length {
            let byte = bytes[offset + index]
            guard byte & 0xC0 == 0x80 else { return problem(.invalidUTF8(lead)) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        switch value {
        // libyaml breaks lines at these and editors do not: a key could hide behind one.
        case 0x85, 0x2028, 0x2029: return problem(.lineSeparator(value))
        case 0x80...0x9F, 0xFFFE, 0xFFFF: return problem(.control(value))
        default: break
        }
        offset += length
        return nil
    }

    private func problem(_ kind: TextProblem.Kind) -> TextProblem { TextProblem(kind: kind, offset: offset) }
}
