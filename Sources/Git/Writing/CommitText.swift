/// A commit's own text, as git writes it.
///
/// Source: git-hash-object's format (gitformat-commit): headers, an empty line, the message. The message is UTF-8, which needs no
/// `encoding` header.
enum CommitText {
    static func bytes(tree: CommitID, _ draft: CommitDraft) throws(GitError) -> [UInt8] {
        try bytes(
            tree: tree, parents: [draft.parent], author: draft.author, committer: draft.committer,
            message: draft.message)
    }

    static func bytes(
        tree: CommitID, parents: [CommitID], author: CommitIdentity, committer: CommitIdentity, message: String
    ) throws(GitError) -> [UInt8] {
        let message = try Self.message(message)
        let text = """
            tree \(tree)
            \(parents.map { "parent \($0)\n" }.joined())author \(author.line)
            committer \(committer.line)

            \(message)
            """
        return Array(text.utf8)
    }

    /// Puts a signature behind the last header, each further line of it behind a space.
    ///
    /// Source: gitformat-signature(5), "Commit signatures".
    static func signed(_ commit: [UInt8], by armor: [UInt8]) throws(GitError) -> [UInt8] {
        guard let end = commit.firstRange(of: [0x0a, 0x0a]) else {
            throw .internal("commit-malformed", "A commit was made without an end of its headers")
        }
        var lines = armor.split(separator: 0x0a, omittingEmptySubsequences: false).map { line in
            line.last == 0x0d ? line.dropLast() : line
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard !lines.isEmpty else { throw .internal("signature-empty", "The signer gave no signature") }
        let header = Array("gpgsig ".utf8) + lines.joined(separator: [0x0a, 0x20]) + [0x0a]
        return commit[...end.lowerBound] + header + commit[commit.index(after: end.lowerBound)...]
    }

    /// Without blanks at line ends and empty lines at either end, as `git commit` cleans a message.
    static func message(_ text: String) throws(GitError) -> String {
        guard !text.utf8.contains(0) else {
            throw .refused("commit-message", "A commit's message can't hold a NUL character")
        }
        var lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map {
            line in String(line.reversed().drop(while: \.isWhitespace).reversed())
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        while lines.first?.isEmpty == true { lines.removeFirst() }
        guard !lines.isEmpty else {
            throw .refused("commit-message", "The commit's message is empty", hint: "Say what changes, and why")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
