/// The first commit of a branch: it has no parent, and holds just these files.
public struct RootDraft: Sendable {
    public var branch: BranchName
    /// Path from the root → content. Each becomes a regular file.
    public var files: [String: [UInt8]]
    /// As ``CommitDraft/message``.
    public var message: String
    public var author: CommitIdentity
    public var committer: CommitIdentity
    public var sign: CommitDraft.Signing?

    public init(
        branch: BranchName, files: [String: [UInt8]], message: String, author: CommitIdentity,
        committer: CommitIdentity, sign: CommitDraft.Signing? = nil
    ) {
        self.branch = branch
        self.files = files
        self.message = message
        self.author = author
        self.committer = committer
        self.sign = sign
    }
}

/// A bare repository on this machine that is made anew, whole, of branches that have one commit each.
///
/// ``GitRepository/push(_:options:)`` brings its branches to a server.
public actor NewRepository {
    private let executor = SerialQueueExecutor(label: "descry.git.new")
    public nonisolated let path: String
    /// The branches' only commits.
    public private(set) var commits: [BranchName: CommitInfo] = [:]
    private(set) var pack: [UInt8] = []

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init(path: String) { self.path = path }

    /// Makes the folder and all that is in it, readable for whom the user's mask lets read.
    ///
    /// - Parameters:
    ///   - path: where nothing is yet.
    ///   - drafts: at least one. The first one's branch is what `HEAD` names: what a clone checks out.
    /// - Throws: `GitError`: `commit-message`, `path-invalid`, `cache` where the disk does not take it; and what a signer throws.
    public static func create(at path: String, _ drafts: [RootDraft]) async throws -> NewRepository {
        let repository = NewRepository(path: path)
        try await repository.make(drafts)
        return repository
    }

    private func make(_ drafts: [RootDraft]) async throws {
        for folder in ["/objects/pack", "/objects/info", "/refs/heads", "/refs/tags"] {
            try Disk.makeFolder(path + folder, mode: 0o777)
        }
        let objects = try PackWriter(path: path + "/objects", alternate: nil)
        for draft in drafts {
            let tree = try Self.tree(draft.files.map { (try FileReader.components(of: $0)[...], $1) }, objects)
            var bytes = try CommitText.bytes(
                tree: tree, parents: [], author: draft.author, committer: draft.committer, message: draft.message)
            if let sign = draft.sign { bytes = try CommitText.signed(bytes, by: try await sign(bytes)) }
            let id = try objects.write(.commit, bytes)
            commits[draft.branch] = CommitInfo(
                id: id, author: draft.author.name, email: draft.author.email, time: draft.committer.time,
                subject: CommitObject(bytes)?.subject ?? "")
        }
        pack = try objects.pack()
        let indexer = try ObjectStore(path: path + "/objects").indexer(folder: path + "/objects/pack")
        try indexer.append(pack)
        _ = try indexer.finish()
        let refs = commits.map { "\($1.id) \($0.refName)\n" }.sorted { $0.dropFirst(41) < $1.dropFirst(41) }
        try Disk.replace(
            path + "/packed-refs", with: "# pack-refs with: peeled fully-peeled sorted \n" + refs.joined(), mode: 0o666)
        try Disk.replace(
            path + "/config", with: "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n",
            mode: 0o666)
        if let head = drafts.first?.branch {
            try Disk.replace(path + "/HEAD", with: "ref: \(head.refName)\n", mode: 0o666)
        }
    }

    private static func tree(
        _ files: [(path: ArraySlice<String>, content: [UInt8])], _ objects: PackWriter
    ) throws(GitError) -> CommitID {
        var entries: [RawEntry] = []
        for (name, below) in Dictionary(grouping: files, by: { $0.path.first ?? "" }) {
            if let file = below.first(where: { $0.path.count == 1 }) {
                entries.append(
                    RawEntry(mode: "100644", name: Array(name.utf8), id: try objects.write(.blob, file.content)))
            } else {
                let folder = try tree(below.map { ($0.path.dropFirst(), $0.content) }, objects)
                entries.append(RawEntry(mode: "40000", name: Array(name.utf8), id: folder))
            }
        }
        return try objects.write(.tree, RawEntry.bytes(entries))
    }
}

extension GitRepository {
    /// Brings the branches of a new repository to the server: all of them or none, where the server can do that. None of them
    /// may be there; the server compares and swaps, and nothing is ever forced.
    ///
    /// - Throws: `branch-exists` (refused) where the server has one of them: nothing was sent; `push-partial` where one that
    ///   cannot push atomically took some only; and as ``push(_:to:options:)``.
    public func push(_ new: NewRepository, options pushOptions: [String] = []) async throws(GitError) -> PushAnswer {
        let commits = await new.commits
        let branches = commits.keys.sorted()
        let request = PushRequest(
            commands: branches.compactMap { branch in
                commits[branch].map { PushRequest.Command(ref: branch.refName, old: .zero, new: $0.id) }
            }, options: pushOptions, pack: await new.pack)
        let sent: PushReport.Sent
        do throws(GitError) {
            sent = try await send(request, of: Self.names(branches)) { push throws(GitError) in
                let present = Set(push.refs.map(\.name))
                try self.refuse(branches.filter { present.contains($0.refName) })
            }
        } catch {
            guard error.code == "push-unanswered", try await refs().has(commits) else { throw error }
            return PushAnswer(messages: [])
        }
        try await check(sent, of: branches)
        return PushAnswer(messages: sent.messages)
    }

    /// Refuses what ``push(_:options:)`` of a new repository would refuse, before anything is made.
    ///
    /// - Throws: `branch-exists` (refused), and as ``refs()``.
    public func checkAbsent(_ branches: [BranchName]) async throws(GitError) {
        try checkPushable()
        let present = try await refs().branches
        try refuse(branches.filter { present[$0] != nil })
    }

    nonisolated private func refuse(_ present: [BranchName]) throws(GitError) {
        guard !present.isEmpty else { return }
        throw .refused(
            "branch-exists",
            "\(remote) has the branch\(present.count == 1 ? "" : "es") \(Self.names(present)) already",
            hint:
                "Nothing was pushed, and nothing is ever forced. Name an empty repository, or environments of other names"
        )
    }

    private func check(_ sent: PushReport.Sent, of branches: [BranchName]) async throws(GitError) {
        let verdicts = zip(branches, sent.verdicts)
        let isConsequence = { (reason: String) in reason.lowercased().contains("atomic") }
        var rejected: [(branch: BranchName, reason: String)] = []
        for case (let branch, .rejected(let reason)) in verdicts { rejected.append((branch, reason)) }
        guard let first = rejected.first(where: { !isConsequence($0.reason) }) ?? rejected.first else { return }
        let error = try await refusal(
            first.reason, sent.messages, ref: first.branch.refName, first.branch, old: nil)
        let taken = verdicts.filter { $0.1 == .accepted }.map(\.0)
        guard !taken.isEmpty else { throw error }
        throw GitError(
            code: "push-partial", message: "\(error.message). It took \(Self.names(taken)) all the same",
            hint: "The server cannot push several branches as one. Remove what it took before you try again",
            category: error.category)
    }

    private static func names(_ branches: [BranchName]) -> String {
        branches.map(\.description).joined(separator: ", ")
    }
}

extension RemoteRefs {
    fileprivate func has(_ commits: [BranchName: CommitInfo]) -> Bool {
        commits.allSatisfy { branches[$0] == $1.id }
    }
}
