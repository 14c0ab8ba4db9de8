/// A commit's own text, read as git writes it: headers, an empty line, the message.
///
/// Source: git-hash-object's format, gitformat "commit object": `tree`, `parent`…, `author`, `committer`.
struct CommitObject: Sendable, Hashable {
    let tree: CommitID
    let parents: [CommitID]
    let author: String
    let email: String
    /// When it was committed, in seconds since 1970.
    let time: Int64
    let subject: String

    /// - Returns: nil for what isn't a commit by git's format.
    init?(_ bytes: [UInt8]) {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst(), let tree = Self.name(first, after: "tree ") else { return nil }
        var parents: [CommitID] = []
        while let line = lines.first, let parent = Self.name(line, after: "parent ") {
            parents.append(parent)
            lines.removeFirst()
        }
        var author: Substring = ""
        var time: Int64 = 0
        while let line = lines.popFirst(), !line.isEmpty {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("author ") { author = text.dropFirst(7) }
            if text.hasPrefix("committer ") { time = Self.time(text) ?? 0 }
        }
        self.tree = tree
        self.parents = parents
        self.time = time
        let open = author.lastIndex(of: "<") ?? author.endIndex
        let close = author[open...].firstIndex(of: ">") ?? author.endIndex
        self.author = printable(String(author[..<open]), limit: 200)
        email = open < close ? printable(String(author[author.index(after: open)..<close]), limit: 200) : ""
        let paragraph = lines.drop { $0.isEmpty }.prefix { !$0.isEmpty }
        subject = printable(Array(paragraph.joined(separator: [0x20])), limit: 300)
    }

    /// `NAME <EMAIL> SECONDS ZONE`.
    private static func time(_ line: String) -> Int64? {
        guard let close = line.lastIndex(of: ">") else { return nil }
        return line[line.index(after: close)...].split(separator: " ").first.flatMap { Int64($0) }
    }

    private static func name(_ line: ArraySlice<UInt8>, after key: String) -> CommitID? {
        guard line.starts(with: key.utf8) else { return nil }
        return try? CommitID(String(decoding: line.dropFirst(key.utf8.count), as: UTF8.self))
    }
}
