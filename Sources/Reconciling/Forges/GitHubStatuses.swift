import FoundationEssentials

/// GitHub and GitHub Enterprise Server.
///
/// Source: https://docs.github.com/rest/commits/statuses ("Create a commit status", "Get the combined status"). A commit takes
/// 1,000 statuses of one context, each of which stays; so none is set twice.
struct GitHubStatuses: StatusAPI {
    let descriptionLimit = 140
    let rights = "a fine-grained token needs \"Commit statuses: write\", a classic one the scope repo:status"

    private static let headers = [
        "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
    ]

    func word(for state: CommitStatus.State) -> String {
        switch state {
        case .pending: "pending"
        case .success: "success"
        case .failure: "failure"
        case .error, .superseded: "error"
        }
    }

    func authorization(_ token: String) -> (name: String, value: String) { ("Authorization", "Bearer " + token) }

    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        return ForgeRequest(
            url: context.url("repos", project[0], project[1], "statuses", status.commit),
            json: [
                "state": word(for: status.state), "context": context.name,
                "description": status.description(limit: descriptionLimit), "target_url": context.link(status.commit),
            ], headers: Self.headers)
    }

    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        return ForgeRequest(
            url: context.url(
                "repos", project[0], project[1], "commits", commit, "status", query: [("per_page", "100")]),
            headers: Self.headers)
    }

    private struct Combined: Decodable {
        struct Status: Decodable {
            var context: String
            var state: String
            var description: String?
        }
        var statuses: [Status]
    }

    /// The latest status of each context.
    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus? {
        // A context is case-insensitive there.
        try JSONDecoder().decode(Combined.self, from: Data(body)).statuses
            .first { $0.context.lowercased() == context.name.lowercased() }
            .map { KnownStatus(word: $0.state, description: $0.description ?? "") }
    }
}
