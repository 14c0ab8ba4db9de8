/// What a server says its branches are, from one `ls-refs`: enough for every environment of the repository.
public struct RemoteRefs: Sendable, Hashable {
    /// Every branch with the commit it points at.
    public let branches: [BranchName: CommitID]
    /// The branch that `HEAD` points at, where the server says so. It may not exist yet (an empty repository).
    public let head: BranchName?

    public init(branches: [BranchName: CommitID], head: BranchName?) {
        self.branches = branches
        self.head = head
    }
}
