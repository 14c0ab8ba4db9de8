/// Positions and excerpts from a file's bytes. Used only where there is something to report, so nothing is prepared.
struct SourceLines {
    let bytes: [UInt8]

    private static let scalarsBefore = 60
    private static let scalarsAfter = 100
    /// How far around the position is looked for something that must not be shown.
    private static let secretWindow = 4096

    /// The position of the byte at `offset`.
    func position(at offset: Int) -> Position {
        let textStart = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var line = 1
        var column = 1
        var index = textStart
        while index < offset {
            let byte = bytes[index]
            if byte == 0x0A || byte == 0x0D && !(index + 1 < bytes.count && bytes[index + 1] == 0x0A) {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
            index += 1
        }
        return Position(line: line, column: column, offset: offset)
    }

    /// The line around `position`, or nil where it may hold a secret.
    func excerpt(at position: Position) -> SourceExcerpt? {
        let offset = min(position.offset, bytes.count)
        var start = offset
        var before = 0
        while start > textStart, !isBreak(bytes[start - 1]), before < Self.scalarsBefore {
            start -= 1
            if bytes[start] & 0xC0 != 0x80 { before += 1 }
        }
        var end = offset
        var after = 0
        while end < bytes.count, !isBreak(bytes[end]), after < Self.scalarsAfter {
            end += 1
            while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            after += 1
        }
        guard !SecretPattern.occurs(in: bytes[window(around: offset)]) else { return nil }
        return SourceExcerpt(
            text: String(decoding: bytes[start..<end], as: UTF8.self), caret: before,
            isClippedBefore: start > textStart && !isBreak(bytes[start - 1]),
            isClippedAfter: end < bytes.count && !isBreak(bytes[end]))
    }

    private var textStart: Int { bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0 }

    private func window(around offset: Int) -> Range<Int> {
        var start = offset
        while start > 0, !isBreak(bytes[start - 1]), offset - start < Self.secretWindow { start -= 1 }
        var end = offset
        while end < bytes.count, !isBreak(bytes[end]), end - offset < Self.secretWindow { end += 1 }
        return start..<end
    }

    private func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}

/// Lines that an error must not repeat: credentials in a URL, and values of keys that name a secret.
private enum SecretPattern {
    private static let words = ["password", "passphrase", "token", "secret", "credential", "key-data", "keydata"]

    static func occurs(in line: ArraySlice<UInt8>) -> Bool {
        let lowered = line.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return hasUserInfo(lowered) || words.contains { isAssigned(Array($0.utf8), in: lowered) }
    }

    /// `password:`, `"token" :` or `secret=`, but not `tokenFile:`, whose value is a path.
    private static func isAssigned(_ word: [UInt8], in line: [UInt8]) -> Bool {
        guard line.count > word.count else { return false }
        for start in 0..<(line.count - word.count) where line[start] == word[0] {
            guard line[start..<(start + word.count)].elementsEqual(word) else { continue }
            let rest = line[(start + word.count)...].drop { $0 == 0x22 || $0 == 0x27 || $0 == 0x20 || $0 == 0x09 }
            if rest.first == UInt8(ascii: ":") || rest.first == UInt8(ascii: "=") { return true }
        }
        return false
    }

    /// `://user:password@`. A user alone, as in `ssh://git@host`, is no secret.
    private static func hasUserInfo(_ line: [UInt8]) -> Bool {
        for start in line.indices.dropFirst(3) where line[(start - 3)..<start].elementsEqual("://".utf8) {
            let authority = line[start...].prefix { $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 != 0x22 && $0 != 0x27 }
            if let at = authority.lastIndex(of: UInt8(ascii: "@")), authority[..<at].contains(UInt8(ascii: ":")) {
                return true
            }
        }
        return false
    }
}
