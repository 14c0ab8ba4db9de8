import Crypto
import FoundationEssentials

/// bitbucket.org.
///
/// Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commit-statuses/. One that is set again with the same
/// key is overwritten.
struct BitbucketCloudStatuses: StatusAPI {
    let descriptionLimit = 255
    let rights = "the token needs to read the repository (scope repository, for API tokens read:repository:bitbucket)"

    func word(for state: CommitStatus.State) -> String {
        switch state {
        case .pending: "INPROGRESS"
        case .success: "SUCCESSFUL"
        case .failure, .error: "FAILED"
        case .superseded: "STOPPED"
        }
    }

    func authorization(_ token: String) -> (name: String, value: String) { BitbucketToken.authorization(token) }

    func submission(_ status: CommitStatus, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        let commit =
            "https://bitbucket.org/"
            + [project[0], project[1], "commits", status.commit].map(PercentEncoding.encode).joined(separator: "/")
        return ForgeRequest(
            url: context.url("repositories", project[0], project[1], "commit", status.commit, "statuses", "build"),
            json: [
                "state": word(for: status.state), "key": key(context), "name": context.name,
                "description": status.description(limit: descriptionLimit),
                "url": context.link(status.commit) ?? commit,
            ])
    }

    func inquiry(_ commit: String, _ context: StatusContext) -> ForgeRequest {
        let project = context.forge.project
        return ForgeRequest(
            url: context.url(
                "repositories", project[0], project[1], "commit", commit, "statuses", "build", key(context)))
    }

    private struct Status: Decodable {
        var state: String
        var description: String?
    }

    func known(_ body: [UInt8], _ context: StatusContext) throws -> KnownStatus? {
        let status = try JSONDecoder().decode(Status.self, from: Data(body))
        return KnownStatus(word: status.state, description: status.description ?? "")
    }

    /// At most 40 characters are taken. A longer name is cut, and told apart by a part of its hash.
    private func key(_ context: StatusContext) -> String {
        let name = context.name
        guard name.utf8.count > 40 else { return name }
        let hash = SHA256.hash(data: Array(name.utf8)).prefix(5)
            .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return name.prefix(29) + "-" + hash
    }
}

/// Access tokens are bearer tokens; user and API token, or user and app password, are for basic authentication.
enum BitbucketToken {
    static func authorization(_ token: String) -> (name: String, value: String) {
        guard token.contains(":") else { return ("Authorization", "Bearer " + token) }
        return ("Authorization", "Basic " + Data(token.utf8).base64EncodedString())
    }
}
