import FoundationEssentials

/// Bitbucket Data Center, and Server since 7.4.
///
/// Source: https://developer.atlassian.com/server/bitbucket/how-tos/updating-build-status-for-commits. One that is set again with
/// the same key is overwritten. Fields take 255 characters (BSERV-12804).
struct BitbucketDataCenterStatuses: StatusAPI {
    let descriptionLimit = 255
    let rights = "the token needs the permission to read the repository"

    /// `CANCELLED` came later than the rest, so what was superseded counts as not successful, and says so in words.
    func word(for state: CommitStatus.State) -> String {
        switch state {
        case .pending: "INPROGRESS"
        case .success: "SUCCESSFUL"
        case .failure, .error, .superseded: "FAILED"
        }
    }

    func authorization(_ token: String) -> (name: String, value: String) { BitbucketToken.authorization(token) }

    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest {
        let link = context.url(
            "projects", context.forge.project[0], "repos", context.forge.project[1], "commits", status.commit)
        return ForgeRequest(
            url: builds(status.commit, context),
            json: [
                "state": word(for: status.state), "key": context.name, "name": context.name,
                "description": status.description(limit: descriptionLimit), "url": context.link(status.commit) ?? link,
            ])
    }

    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest {
        ForgeRequest(url: builds(commit, context) + "?key=" + PercentEncoding.encode(context.name))
    }

    private struct Status: Decodable {
        var state: String
        var description: String?
    }

    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus? {
        let status = try JSONDecoder().decode(Status.self, from: Data(body))
        return KnownStatus(word: status.state, description: status.description ?? "")
    }

    private func builds(_ commit: String, _ context: StatusContext) -> String {
        let project = context.forge.project
        return context.url(
            "rest", "api", "latest", "projects", project[0], "repos", project[1], "commits", commit, "builds")
    }
}
