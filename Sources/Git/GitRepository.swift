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

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Checks what can be checked without a network: CA and client certificate are readable, ssh's command can be run.
    public init(remote: RemoteURL, options: GitOptions, logger: Logger) throws(GitError) {
        self.remote = remote
        self.options = options
        self.logger = logger
        executor = SerialQueueExecutor(label: "descry.git")
    }

    /// Asks the server for its branches. One request answers for all environments of the repository.
    public func refs() async throws(GitError) -> RemoteRefs { throw .internal("unfinished", "not written yet") }

    /// Makes the tip of a branch, as ``refs()`` reported it, present in the mirror, and says how it relates to what was
    /// accepted last. Nothing is transferred where the mirror has the commit already.
    public func fetch(branch: BranchName, tip: CommitID) async throws(GitError) -> BranchTip {
        throw .internal("unfinished", "not written yet")
    }

    /// ``refs()`` and ``fetch(branch:tip:)`` over one connection.
    ///
    /// - Throws: `branch-not-found` with the branches there are, `repository-empty`.
    public func update(branch: BranchName) async throws(GitError) -> BranchTip {
        throw .internal("unfinished", "not written yet")
    }

    /// Records a tip as the last accepted one of its branch: later tips are compared with it.
    public func accept(_ tip: BranchTip) async throws(GitError) { throw .internal("unfinished", "not written yet") }

    /// The bytes of a regular file in a commit that was fetched.
    ///
    /// - Throws: `file-not-found`, `path-invalid`, `path-is-directory`, `path-is-symlink`, `path-is-submodule`,
    ///   `path-is-lfs-pointer`, `file-too-large` (all refused).
    public func file(at path: String, in commit: CommitID) async throws(GitError) -> [UInt8] {
        throw .internal("unfinished", "not written yet")
    }

    /// Author, time and subject of a commit that was fetched.
    public func commit(_ id: CommitID) async throws(GitError) -> CommitInfo {
        throw .internal("unfinished", "not written yet")
    }

    /// Whether one commit is an ancestor of another, by the commits in the mirror alone.
    public func isAncestor(_ ancestor: CommitID, of descendant: CommitID) async throws(GitError) -> Ancestry {
        throw .internal("unfinished", "not written yet")
    }

    /// Closes connections and handles. Must be called once; later calls of other functions throw `closed`.
    public func close() async {}
}
