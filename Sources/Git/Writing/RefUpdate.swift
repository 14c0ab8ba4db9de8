import Logging

/// A commit for a ref that is no branch, such as an approval or notes: made, and nowhere yet but here.
public struct RefUpdate: Sendable, Hashable {
    /// The ref's full name.
    public let ref: String
    /// What it must point at until then; nil where it must not be there.
    public let old: CommitID?
    public let commit: CommitID
    /// What the server does not have yet.
    let pack: [UInt8]

    var command: PushRequest.Command {
        PushRequest.Command(ref: ref, old: old ?? .zero, new: commit)
    }
}

/// What a commit of such a ref is made of.
public struct RefDraft: Sendable {
    /// The ref's full name.
    public var ref: String
    /// What it points at now; nil where it is not there.
    public var old: CommitID?
    public var message: String
    public var author: CommitIdentity

    public init(ref: String, old: CommitID?, message: String, author: CommitIdentity) {
        self.ref = ref
        self.old = old
        self.message = message
        self.author = author
    }
}

extension CommitID {
    /// In a push: no object.
    static let zero = CommitID(hexadecimal: String(repeating: "0", count: 40))
}

extension GitRepository {
    /// Makes a commit without a parent that holds one file and nothing else: servers take a ref to a commit anywhere, and a ref to
    /// a file's content in few places.
    ///
    /// - Throws: `commit-message`, `libgit2`.
    public func prepare(_ draft: RefDraft, file: String, content: [UInt8]) async throws(GitError) -> RefUpdate {
        try checkOpen()
        return try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            let pack = try repository.mirror.packWriter()
            let blob = try pack.write(.blob, content)
            let tree = try pack.write(
                .tree, RawEntry.bytes([RawEntry(mode: "100644", name: Array(file.utf8), id: blob)]))
            return try repository.update(draft, parent: nil, tree: tree, pack)
        }
    }

    func update(
        _ draft: RefDraft, parent: CommitID?, tree: CommitID, _ pack: PackWriter
    ) throws(GitError) -> RefUpdate {
        let bytes = try CommitText.bytes(
            tree: tree, parents: [parent].compactMap { $0 }, author: draft.author, committer: draft.author,
            message: draft.message)
        let commit = try pack.write(.commit, bytes)
        return RefUpdate(ref: draft.ref, old: draft.old, commit: commit, pack: try pack.pack())
    }

    /// Brings it to the server, which compares and swaps.
    ///
    /// - Throws: as ``push(_:to:options:)``.
    public func push(_ update: RefUpdate, options pushOptions: [String] = []) async throws(GitError) -> PushAnswer {
        let request = PushRequest(commands: [update.command], options: pushOptions, pack: update.pack)
        let sent = try await send(request, of: update.ref) { [remote] push throws(GitError) in
            try push.checkTip(update.command, update.ref, remote)
        }
        guard case .rejected(let reason) = sent.verdict else {
            if update.ref.hasPrefix("refs/notes/") { await keep(update) }
            return PushAnswer(messages: sent.messages)
        }
        throw try await refusal(reason, sent.messages, ref: update.ref, update.ref, old: update.old)
    }

    /// Of notes, what the server has taken is kept, so that it need not be fetched for the next one.
    private func keep(_ update: RefUpdate) async {
        do throws(GitError) {
            try await withLock { repository throws(GitError) in
                _ = try repository.mirror.load()
                let incoming = try repository.mirror.receive()
                try incoming.indexer.append(update.pack)
                try repository.adopt(incoming, repository.mirror.state.shallow)
                repository.knownNotes = update.commit
            }
        } catch {
            logger.debug("the notes are not kept", metadata: ["reason": "\(error.code)"])
        }
    }
}
