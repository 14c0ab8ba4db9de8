import FoundationEssentials
import Git

/// Who a change is by: author and committer of its commit.
public struct CommitAuthorship: Sendable, Hashable {
    public let author: CommitIdentity
    public let committer: CommitIdentity

    /// One who is both.
    init(_ person: CommitIdentity) {
        author = person
        committer = person
    }

    /// From flags (`NAME <ADDRESS>`), else `GIT_AUTHOR_*` and `GIT_COMMITTER_*`, else, for the author, who started the build (Jenkins'
    /// `BUILD_USER` and `CHANGE_AUTHOR`, GitLab, GitHub), else git's own `user.name` and `user.email`, else the operating
    /// system's user. A committer that nobody names is the author.
    ///
    /// - Parameter configured: git's `user.name` and `user.email`; asked only where nothing before them is set.
    /// - Throws: `commit-identity` (refused), and what `configured` throws.
    public init(
        author: String?, committer: String?, variables: [String: String],
        configured: () throws(GitError) -> (name: String, email: String?)?
    ) throws(GitError) {
        let source = Source(variables: variables)
        if let author {
            self.author = try CommitIdentity(author, time: 0)
        } else if let given = source.given("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL") ?? source.builder {
            self.author = try source.identity(given)
        } else {
            self.author = try source.identity(try configured() ?? source.user)
        }
        if let committer {
            self.committer = try CommitIdentity(committer, time: 0)
        } else if let given = source.given("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL") {
            self.committer = try source.identity(given)
        } else if author == nil, let configured = try configured() {
            self.committer = try source.identity(configured)
        } else {
            self.committer = self.author
        }
    }

    /// The variables that name people.
    private struct Source {
        let variables: [String: String]

        func first(_ names: String...) -> String? { names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty } }

        func given(_ name: String, _ email: String) -> (name: String, email: String?)? {
            first(name).map { ($0, first(email)) }
        }

        /// Who started the build.
        var builder: (name: String, email: String?)? {
            given("BUILD_USER", "BUILD_USER_EMAIL") ?? given("CHANGE_AUTHOR_DISPLAY_NAME", "CHANGE_AUTHOR_EMAIL")
                ?? given("CHANGE_AUTHOR", "CHANGE_AUTHOR_EMAIL") ?? given("GITLAB_USER_NAME", "GITLAB_USER_EMAIL")
                ?? given("GITHUB_ACTOR", "GITHUB_ACTOR_EMAIL")
        }

        var user: (name: String, email: String?) { (first("USER", "LOGNAME") ?? "descry", nil) }

        /// Without an address, the user's at this machine, as git makes it.
        func identity(_ person: (name: String, email: String?)) throws(GitError) -> CommitIdentity {
            let host = first("NODE_NAME", "HOSTNAME") ?? ProcessInfo.processInfo.hostName
            return try CommitIdentity(
                name: person.name, email: person.email ?? first("EMAIL") ?? "\(user.name)@\(host)", time: 0)
        }
    }
}
