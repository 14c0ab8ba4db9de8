/// Where a branch is now, compared with the commit that was accepted from it last.
public struct BranchTip: Sendable, Hashable {
    public let branch: BranchName
    public let commit: CommitID
    /// The commit last recorded by ``GitRepository/accept(_:)``; nil the first time.
    public let previous: CommitID?
    /// True when ``previous`` couldn't be shown to be an ancestor of ``commit``: the branch was force-pushed.
    ///
    /// The proof looks at the commits made since a day before ``previous``; a branch whose newer commits carry dates
    /// older than that is taken for rewritten, never the other way round.
    public let isRewrite: Bool

    public init(branch: BranchName, commit: CommitID, previous: CommitID?, isRewrite: Bool) {
        self.branch = branch
        self.commit = commit
        self.previous = previous
        self.isRewrite = isRewrite
    }
}
