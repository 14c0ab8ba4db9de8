import FoundationEssentials

/// GitLab, on gitlab.com or elsewhere.
///
/// Source: https://docs.gitlab.com/api/commits/ ("Set the pipeline status of a commit", "List the statuses of a commit"). A
/// status is a job of an external pipeline there, with a state machine: to set the state that it has is refused with 400.
struct GitLabStatuses: StatusAPI {
    let descriptionLimit = 255
    let rights =
        "the token needs the scope api, and its user the role Developer, or Maintainer where the branch is protected"

    /// `running`, not `pending`, which is for what waits.
    func word(for state: CommitStatus.State) -> String {
        switch state {
        case .pending: "running"
        case .success: "success"
        case .failure, .error: "failed"
        case .superseded: "canceled"
        }
    }

    func authorization(_ token: String) -> (name: String, value: String) { ("PRIVATE-TOKEN", token) }

    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest {
        ForgeRequest(
            url: context.url("projects", project(context), "statuses", status.commit),
            json: [
                "state": word(for: status.state), "name": context.name, "ref": context.branch,
                "description": status.description(limit: descriptionLimit), "target_url": context.link(status.commit),
            ])
    }

    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest {
        ForgeRequest(
            url: context.url(
                "projects", project(context), "repository", "commits", commit, "statuses",
                query: [("name", context.name), ("ref", context.branch)]))
    }

    private struct Status: Decodable {
        var id: Int
        var name: String
        var status: String
        var description: String?
    }

    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus? {
        try JSONDecoder().decode([Status].self, from: Data(body))
            .filter { $0.name == context.name }
            .max { $0.id < $1.id }
            .map { KnownStatus(word: $0.status, description: $0.description ?? "") }
    }

    private func project(_ context: StatusContext) -> String { context.forge.project.joined(separator: "/") }
}
