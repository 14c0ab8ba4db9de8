/// A commit to be made: files of its parent with other content, and who says why.
public struct CommitDraft: Sendable {
    /// Signs the bytes of a commit: the armored signature (SSH or PGP) as it goes into the commit's `gpgsig` header.
    public typealias Signing = @Sendable (_ commit: [UInt8]) async throws -> [UInt8]

    /// Present in the mirror, as the tip of a branch that was fetched is.
    public var parent: CommitID
    /// Path → content. Each path is a regular file of the parent; its mode stays.
    public var files: [String: [UInt8]]
    /// In UTF-8: a subject, an empty line, the body, an empty line, the trailers.
    public var message: String
    public var author: CommitIdentity
    public var committer: CommitIdentity
    public var sign: Signing?

    public init(
        parent: CommitID, files: [String: [UInt8]], message: String, author: CommitIdentity, committer: CommitIdentity,
        sign: Signing? = nil
    ) {
        self.parent = parent
        self.files = files
        self.message = message
        self.author = author
        self.committer = committer
        self.sign = sign
    }
}

/// A commit that was made and is nowhere yet but here: its name, and the pack that brings it to a server which has its parent.
public struct PreparedCommit: Sendable, Hashable {
    public let id: CommitID
    public let parent: CommitID
    public let subject: String
    public let author: CommitIdentity
    public let committer: CommitIdentity
    /// The commit, the folders along the changed paths, and the changed files; nothing that the parent has.
    let pack: [UInt8]

    public var info: CommitInfo {
        CommitInfo(id: id, author: author.name, email: author.email, time: committer.time, subject: subject)
    }
}
