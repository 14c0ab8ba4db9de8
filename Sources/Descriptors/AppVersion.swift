/// A version as the build pipeline makes it and as the image's tag carries it: `MAJOR.MINOR.PATCH-(rc|release)-SHA`, such
/// as `1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343`.
///
/// Sources of the rules: SemVer 2.0.0 for the numbers (no leading zeros, no upper bound), git for the commit (7 to 64
/// lower-case hex digits: abbreviated SHA-1 to full SHA-256), the OCI distribution specification for the whole (a tag has
/// at most 128 characters).
public struct AppVersion: Sendable, Hashable, CustomStringConvertible {
    /// Which branch a build comes from.
    public enum Channel: String, Sendable, Hashable, CaseIterable {
        /// Release candidates, from the develop branch.
        case rc
        /// Releases, from master.
        case release
    }

    /// Longest version: an image tag.
    public static let maxLength = 128

    /// Decimal digits of any length, so that no number overflows.
    public let major: String
    /// Decimal digits.
    public let minor: String
    /// Decimal digits.
    public let patch: String
    public let channel: Channel
    /// The commit the image was built from.
    public let sha: String
    /// The version exactly as written: the image's tag.
    public let text: String

    /// Throws the first thing that is wrong with `text`, read from left to right.
    public init(_ text: String) throws(AppVersionError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maxLength else { throw .tooLong(text.utf8.count) }
        let bytes = text.utf8
        if let first = bytes.first, first | 0x20 == UInt8(ascii: "v"), bytes.dropFirst().first.map(isDigit) == true {
            throw .prefix(text)
        }
        if bytes.contains(UInt8(ascii: "+")) { throw .buildMetadata }
        let parts = bytes.split(separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
        let numbers = try Self.numbers(parts[0])
        (major, minor, patch) = (numbers[0], numbers[1], numbers[2])
        guard parts.count > 1 else { throw .channelMissing(text) }
        guard let channel = Channel(rawValue: String(Substring(parts[1]))) else {
            throw .channelUnknown(String(Substring(parts[1])))
        }
        self.channel = channel
        guard parts.count > 2, !parts[2].isEmpty else { throw .shaMissing(text) }
        try Self.check(sha: parts[2])
        sha = String(Substring(parts[2]))
        self.text = text
    }

    public var description: String { text }

    private static func numbers(_ text: Substring.UTF8View) throws(AppVersionError) -> [String] {
        let numbers = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isDigit) }) else {
            throw .numbers(String(Substring(text)))
        }
        for number in numbers where number.count > 1 && number.first == UInt8(ascii: "0") {
            throw .leadingZero(String(Substring(number)))
        }
        return numbers.map { String(Substring($0)) }
    }

    private static func check(sha: Substring.UTF8View) throws(AppVersionError) {
        if sha.contains(where: { !isLowerHex($0) }) {
            let text = String(Substring(sha))
            throw sha.allSatisfy({ isLowerHex($0 | 0x20) }) ? .shaUpperCase(text) : .shaCharacters(text)
        }
        if sha.count < 7 { throw .shaTooShort(sha.count) }
        if sha.count > 64 { throw .shaTooLong(sha.count) }
    }
}

extension AppVersion {
    /// Whether the numbers of this version come before those of `other`. Channel and commit have no order.
    ///
    /// Source of the rule: SemVer 2.0.0 §11.2. Without leading zeros the number with more digits is the greater one.
    public func hasLowerNumbers(than other: AppVersion) -> Bool {
        for (mine, theirs) in zip(numbers, other.numbers) where mine != theirs {
            return (mine.utf8.count, mine) < (theirs.utf8.count, theirs)
        }
        return false
    }

    /// Whether the numbers are the same, whatever the channel and the commit.
    public func hasSameNumbers(as other: AppVersion) -> Bool { numbers == other.numbers }

    private var numbers: [String] { [major, minor, patch] }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

private func isLowerHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"))
}
