import FoundationEssentials

/// Gitea and Forgejo.
///
/// Source: the OpenAPI description that each server has at `/swagger.v1.json` (`CreateStatusOption`, `CommitStatus`,
/// `CombinedStatus`).
struct GiteaStatuses: StatusAPI {
    let descriptionLimit = 255
    let rights = "the token needs the scope write:repository, and its user the right to write to the repository"

    func word(for state: CommitStatus.State) -> String {
        switch state {
        case .pending: "pending"
        case .success: "success"
        case .failure: "failure"
        case .error, .superseded: "error"
        }
    }

    func authorization(_ token: String) -> (name: String, value: String) { ("Authorization", "token " + token) }

    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        return ForgeRequest(
            url: context.url("repos", project[0], project[1], "statuses", status.commit),
            json: [
                "state": word(for: status.state), "context": context.name,
                "description": status.description(limit: descriptionLimit), "target_url": context.link(status.commit),
            ])
    }

    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        return ForgeRequest(
            url: context.url("repos", project[0], project[1], "commits", commit, "status", query: [("limit", "50")]))
    }

    private struct Combined: Decodable {
        struct Status: Decodable {
            var context: String
            var status: String
            var description: String?
        }
        /// Null for a commit without any.
        var statuses: [Status]?
    }

    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus? {
        try JSONDecoder().decode(Combined.self, from: Data(body)).statuses?
            .first { $0.context == context.name }
            .map { KnownStatus(word: $0.status, description: $0.description ?? "") }
    }
}
