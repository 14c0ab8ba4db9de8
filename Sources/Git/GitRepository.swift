import Logging

/// One remote repository and the local mirror of the commits that were asked for.
///
/// All work on the object store runs on the repository's own serial executor, since libgit2 blocks; the network is
/// awaited elsewhere. Every operation is bounded by ``GitDeadlines`` and ends early when its task is cancelled.
public actor GitRepository {
    private let executor: SerialQueueExecutor
    public nonisolated let remote: RemoteURL
    let options: GitOptions
    let logger: Logger
    let carrier: Carrier
    let mirror: Mirror
    private var isClosed = false
    /// The tip of the notes that was seen or made last, so that only what is new since is transferred.
    var knownNotes: CommitID?
    /// The tips that are about to be recorded as accepted, and who does it.
    private var accepting: [BranchName: CommitID] = [:]
    private var recording: Task<Result<Void, GitError>, Never>?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Checks what can be checked without a network: CA and client certificate are readable, ssh's command can be run, a
    /// local repository without `git` is there.
    ///
    /// - Throws: `certificate-authority`, `client-certificate-unreadable`, `ssh-command`, `repository-not-found` and the
    ///   like.
    public init(remote: RemoteURL, options: GitOptions, logger: Logger) throws(GitError) {
        var logger = logger
        logger[metadataKey: "repository"] = "\(remote)"
        self.remote = remote
        self.options = options
        self.logger = logger
        executor = SerialQueueExecutor(label: "descry.git")
        let carrier = try Carrier.choose(remote, options, logger: logger)
        self.carrier = carrier
        var alternate: String?
        if case .inPlace = carrier { alternate = try LocalRepository.open(remote.path).objects }
        let name = try Mirror.folderName(remote: remote, credentials: options.credentials)
        mirror = Mirror(path: options.cacheDirectory + "/" + name, alternate: alternate)
    }

    /// Asks the server for its branches. One request answers for all environments of the repository.
    ///
    /// - Throws: errors of every category: the server can't be reached, denies access, or isn't a git server.
    public func refs() async throws(GitError) -> RemoteRefs {
        try checkOpen()
        if case .inPlace = carrier { return try LocalRepository.open(remote.path).refs }
        return try await request(.refs) { repository, watchdog throws(GitError) in
            try await repository.converse(watchdog) { upload throws(GitError) in try await upload.refs() }
        }
    }

    /// Makes the tip of a branch, as ``refs()`` reported it, present in the mirror, and says how it relates to what was
    /// accepted last. Nothing is transferred where the mirror has the commit already.
    ///
    /// - Throws: `commit-gone` where the branch moved meanwhile and the server no longer gives the commit.
    ///
    /// - Parameter baseline: what the tip is compared with where this cache has accepted nothing of the branch yet.
    public func fetch(
        branch: BranchName, tip: CommitID, baseline: Baseline? = nil
    ) async throws(GitError) -> BranchTip {
        try checkOpen()
        if let known = try known(tip, of: branch, baseline) { return known }
        return try await withLock { repository throws(GitError) in
            try await repository.bring(tip, of: branch, baseline)
        }
    }

    /// A commit that somebody else has accepted.
    public struct Baseline: Sendable, Hashable {
        public var commit: CommitID
        /// When it was committed, in seconds since 1970: how much history has to be asked for.
        public var time: Int64

        public init(commit: CommitID, time: Int64) {
            self.commit = commit
            self.time = time
        }
    }

    /// The commit of the branch that was recorded last by ``accept(_:)``; nil where this cache has none.
    public func accepted(_ branch: BranchName) async throws(GitError) -> CommitID? {
        try checkOpen()
        if try mirror.refresh() { return mirror.state.accepted[branch] }
        return try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            return repository.mirror.state.accepted[branch]
        }
    }

    /// ``refs()`` and ``fetch(branch:tip:)`` in one.
    ///
    /// - Throws: `branch-not-found` with the branches there are, `repository-empty`.
    public func update(branch: BranchName) async throws(GitError) -> BranchTip {
        try await fetch(branch: branch, tip: try await refs().tip(of: branch, remote: remote))
    }

    /// Records a tip as the last accepted one of its branch: later tips are compared with it.
    ///
    /// Those that come while another one is recorded are recorded together.
    public func accept(_ tip: BranchTip) async throws(GitError) {
        try checkOpen()
        if try mirror.refresh(), mirror.state.accepted[tip.branch] == tip.commit, accepting[tip.branch] == nil {
            return
        }
        accepting[tip.branch] = tip.commit
        let recording = recording ?? Task { await self.recordAccepted() }
        self.recording = recording
        try await recording.value.get()
    }

    private func recordAccepted() async -> Result<Void, GitError> {
        var isTaken = false
        do throws(GitError) {
            try await withLock { repository throws(GitError) in
                // Whoever comes from here on needs another recording.
                let accepting = repository.accepting
                (repository.accepting, repository.recording) = ([:], nil)
                isTaken = true
                _ = try repository.mirror.load()
                var state = repository.mirror.state
                state.accepted.merge(accepting) { $1 }
                try repository.mirror.save(state)
            }
            return .success(())
        } catch {
            if !isTaken { (accepting, recording) = ([:], nil) }
            return .failure(error)
        }
    }

    /// The bytes of a regular file in a commit that was fetched.
    ///
    /// A cache that turns out to be damaged is thrown away, and the commit fetched anew, once.
    ///
    /// - Throws: `file-not-found`, `path-invalid`, `path-is-directory`, `path-is-symlink`, `path-is-submodule`,
    ///   `path-is-lfs-pointer`, `file-too-large` (all refused).
    public func file(at path: String, in commit: CommitID) async throws(GitError) -> [UInt8] {
        let limit = options.limits.file
        return try await reading(commit) { store throws(GitError) in
            try FileReader(store: store, limit: limit).file(at: path, in: commit)
        }
    }

    /// Author, time and subject of a commit that was fetched.
    public func commit(_ id: CommitID) async throws(GitError) -> CommitInfo {
        try await reading(id) { store throws(GitError) in
            let commit = try History(store: store).commit(id)
            return CommitInfo(
                id: id, author: commit.author, email: commit.email, time: commit.time, subject: commit.subject)
        }
    }

    /// Whether one commit is an ancestor of another, by the commits in the mirror alone.
    public func isAncestor(_ ancestor: CommitID, of descendant: CommitID) async throws(GitError) -> Ancestry {
        try checkOpen()
        return try History(store: try mirror.objects()).ancestry(ancestor, of: descendant)
    }

    /// Closes connections and handles. Later calls of other functions throw `closed`.
    public func close() async {
        guard !isClosed else { return }
        isClosed = true
        mirror.close()
        guard case .http(let owner) = carrier else { return }
        do { try await owner.close() } catch {
            logger.debug("closing connections failed", metadata: ["reason": "\(printable(String(describing: error)))"])
        }
    }

    func checkOpen() throws(GitError) {
        guard !isClosed else { throw .internal("closed", "The repository was closed already") }
    }
}

extension RemoteRefs {
    /// The tip of a branch.
    ///
    /// - Throws: `branch-not-found` with the branches there are, `repository-empty`.
    public func tip(of branch: BranchName, remote: RemoteURL) throws(GitError) -> CommitID {
        if let tip = branches[branch] { return tip }
        guard !branches.isEmpty else {
            throw .refused("repository-empty", "\(remote) has no commit yet", hint: "Push the branch \(branch) first")
        }
        let names = branches.keys.sorted()
        let shown = names.prefix(20).map(\.description).joined(separator: ", ")
        throw .refused(
            "branch-not-found", "\(remote) has no branch \(branch)",
            hint: "It has: \(shown)\(names.count > 20 ? " and \(names.count - 20) more" : "")")
    }
}
