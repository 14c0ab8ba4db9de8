extension GitRepository {
    /// Makes a commit on one that was fetched, here alone: ``push(_:to:options:)`` brings it to the server.
    ///
    /// - Throws: `GitError`: `file-not-found` where a path is no regular file of the parent, `commit-message`; and whatever
    ///   the draft's signer throws.
    public func prepare(_ draft: CommitDraft) async throws -> PreparedCommit {
        try checkOpen()
        let pack = try mirror.packWriter()
        let store = try mirror.objects()
        let root = try History(store: store).commit(draft.parent).tree
        let tree = try TreeWriter(store: store, pack: pack).write(draft.files, over: root)
        var bytes = try CommitText.bytes(tree: tree, draft)
        if let sign = draft.sign { bytes = try CommitText.signed(bytes, by: try await sign(bytes)) }
        let id = try pack.write(.commit, bytes)
        let subject = CommitObject(bytes)?.subject ?? ""
        return PreparedCommit(
            id: id, parent: draft.parent, subject: subject, author: draft.author, committer: draft.committer,
            pack: try pack.pack())
    }
}
