/// Who made a commit, and when, as git writes it: `Ann Example <ann@example.com> 1750000000 +0000`.
public struct CommitIdentity: Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let email: String
    /// Seconds since 1970-01-01 00:00 UTC. The zone is always written as UTC.
    public let time: Int64

    /// Takes away what git itself takes away (`ident.c`): control characters, angle brackets, and punctuation at either end.
    ///
    /// - Throws: `commit-identity` (refused) where nothing of the name remains.
    public init(name: String, email: String, time: Int64) throws(GitError) {
        self.name = Self.cleaned(name)
        self.email = Self.cleaned(email)
        self.time = time
        guard !self.name.isEmpty else {
            throw .refused(
                "commit-identity", "“\(printable(name, limit: 80))” can't be the name of a commit's author",
                hint: "Write it as: Ann Example <ann@example.com>")
        }
    }

    /// `NAME <EMAIL>`, as `git commit --author` takes it.
    ///
    /// - Throws: `commit-identity` (refused) for anything else.
    public init(_ text: String, time: Int64) throws(GitError) {
        guard let open = text.lastIndex(of: "<"), text.hasSuffix(">") else {
            throw .refused(
                "commit-identity", "“\(printable(text, limit: 80))” has no address in angle brackets",
                hint: "Write it as: Ann Example <ann@example.com>")
        }
        try self.init(
            name: String(text[..<open]), email: String(text[text.index(after: open)...].dropLast()), time: time)
    }

    private init(_ other: CommitIdentity, time: Int64) {
        (name, email) = (other.name, other.email)
        self.time = time
    }

    /// The same person at another time.
    public func at(_ time: Int64) -> CommitIdentity { CommitIdentity(self, time: time) }

    public var description: String { "\(name) <\(email)>" }

    /// As it stands in a commit.
    var line: String { "\(name) <\(email)> \(time) +0000" }

    private static func cleaned(_ text: String) -> String {
        let isCrud: (Unicode.Scalar) -> Bool = { $0.value <= 0x20 || ".,:;<>\"\\'".unicodeScalars.contains($0) }
        let kept = printable(text, limit: 200).unicodeScalars.filter { $0 != "<" && $0 != ">" }
        let front = kept.drop(while: isCrud)
        guard let last = front.lastIndex(where: { !isCrud($0) }) else { return "" }
        return String(String.UnicodeScalarView(front[...last]))
    }
}
