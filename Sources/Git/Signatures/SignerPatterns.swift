/// A list of names, or of patterns for names, as OpenSSH has it in many places: `*@example.com,!eve@example.com`.
///
/// `*` stands for any characters, `?` for one, and a pattern behind `!` excludes what it matches, wherever it stands; a
/// list of exclusions alone matches nothing. Case matters. Source: ssh_config(5), “PATTERNS”.
public struct SignerPatterns: Sendable, Hashable, CustomStringConvertible {
    private struct Pattern: Sendable, Hashable {
        let text: [UInt8]
        let excludes: Bool
    }

    /// As it stands in the file.
    public let description: String
    private let patterns: [Pattern]

    /// - Returns: nil for a list with nothing between two commas, which no OpenSSH writes.
    init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let patterns = parts.map { part in
            let excludes = part.hasPrefix("!")
            return Pattern(text: Array(part.utf8.dropFirst(excludes ? 1 : 0)), excludes: excludes)
        }
        guard patterns.allSatisfy({ !$0.text.isEmpty }) else { return nil }
        description = text
        self.patterns = patterns
    }

    public func match(_ name: String) -> Bool {
        let name = Array(name.utf8)
        var isMatched = false
        for pattern in patterns where Self.match(name, pattern.text) {
            if pattern.excludes { return false }
            isMatched = true
        }
        return isMatched
    }

    /// What stands in it without wildcards and exclusions.
    var names: [String] {
        patterns.filter { !$0.excludes && !$0.text.contains(UInt8(ascii: "*")) && !$0.text.contains(UInt8(ascii: "?")) }
            .map { String(decoding: $0.text, as: UTF8.self) }
    }

    public var firstName: String? { names.first }

    /// Goes back to the last `*` only, so that no pattern takes longer than the product of both lengths.
    private static func match(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
        var (position, place) = (0, 0)
        var star: (place: Int, position: Int)?
        while position < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, position)
                place += 1
            } else if place < pattern.count, pattern[place] == name[position] || pattern[place] == UInt8(ascii: "?") {
                place += 1
                position += 1
            } else if let last = star {
                star = (last.place, last.position + 1)
                place = last.place + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
