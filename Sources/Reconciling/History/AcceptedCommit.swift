import Git

/// The commit that later ones of its branch must descend from, as the history keeps it: the caches of replicas and of build
/// agents come and go, and each would believe the first tip that it sees.
struct AcceptedCommit: Sendable, Codable, Hashable {
    /// Without credentials.
    var repository: String
    var branch: String
    var commit: String
    /// Of the commit, in seconds since 1970: how far back a fresh cache has to look.
    var time: Int64

    /// - Returns: nil where it is of another branch or repository, which says nothing about this one.
    func baseline(of branch: BranchName, in remote: RemoteURL) -> GitRepository.Baseline? {
        guard repository == remote.description, self.branch == branch.description else { return nil }
        do throws(GitError) {
            return .init(commit: try CommitID(commit), time: time)
        } catch {
            return nil  // somebody has edited it: then it says nothing
        }
    }
}
