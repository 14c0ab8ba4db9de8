/// The SHA-1 name of a git object, usually a commit: 40 lowercase hexadecimal digits.
///
/// SHA-256 names (64 digits) aren't taken: the object store that Descry builds on can't hold them, and a server that has
/// them is refused with `sha256-repository` before any name is read.
public struct CommitID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 40 digits.
    public let description: String

    /// - Throws: `commit-id` (refused) for anything but 40 lowercase hexadecimal digits.
    public init(_ text: some StringProtocol) throws(GitError) {
        guard text.utf8.count == 40, text.utf8.allSatisfy(Self.isHexadecimalDigit) else {
            throw .refused("commit-id", "A git object name is 40 lowercase hexadecimal digits; this one isn't")
        }
        description = String(text)
    }

    /// From digits that a library made out of twenty bytes.
    init(hexadecimal: String) { description = hexadecimal }

    /// The first twelve digits, for people.
    public var short: String { String(description.prefix(12)) }

    public static func < (left: CommitID, right: CommitID) -> Bool { left.description < right.description }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }
}
