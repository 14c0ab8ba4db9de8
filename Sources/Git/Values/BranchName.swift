/// The name of a branch, without `refs/heads/`, checked by the rules of `git check-ref-format --branch`.
public struct BranchName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let description: String

    /// - Throws: `branch-name` (refused), saying which rule is broken.
    public init(_ text: String) throws(GitError) {
        if let fault = Self.fault(in: text) {
            throw .refused("branch-name", "“\(printable(text, limit: 100))” can't be the name of a branch: \(fault)")
        }
        description = text
    }

    /// The branch as a server lists it: `refs/heads/NAME`.
    public var refName: String { "refs/heads/" + description }

    public static func < (left: BranchName, right: BranchName) -> Bool { left.description < right.description }

    /// The rule that a name breaks. Source: git-check-ref-format(1), and a bound on the length, which git leaves to the
    /// file system.
    private static func fault(in text: String) -> String? {
        if text.isEmpty { return "it is empty" }
        if text.utf8.count > 200 { return "it is longer than 200 bytes" }
        if text.hasPrefix("-") { return "it begins with “-”" }
        if text == "@" || text == "HEAD" { return "the name is reserved" }
        if text.contains("..") || text.contains("@{") { return "it contains “..” or “@{”" }
        if text.hasSuffix(".") { return "it ends with “.”" }
        for byte in text.utf8 where byte <= 0x20 || byte == 0x7f || "~^:?*[\\".utf8.contains(byte) {
            return "it contains a space, a control character or one of ~^:?*[\\"
        }
        for component in text.split(separator: "/", omittingEmptySubsequences: false) {
            if component.isEmpty { return "a part between slashes is empty" }
            if component.hasPrefix(".") { return "a part begins with “.”" }
            if component.hasSuffix(".lock") { return "a part ends with “.lock”" }
        }
        return nil
    }
}
