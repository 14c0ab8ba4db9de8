import FoundationEssentials
import Git
import Reconciling

/// Which branches of which repository a genuine delivery says were pushed to.
struct PushEvent: Sendable, Hashable {
    /// A repository has several addresses; any of them may be the one that an environment is configured with.
    enum Repository: Sendable, Hashable {
        case addresses([String])
        /// Where an older Bitbucket Data Center tells no address: the project's key and the repository's name.
        case project(key: String, slug: String)
    }

    var repository: Repository
    var branches: Set<String>

    /// Whether the push is an environment's business.
    func concerns(_ endpoint: WebhookEndpoint) -> Bool {
        guard branches.contains(endpoint.branch.description) else { return false }
        let ignoresCase = endpoint.provider != .generic
        let own = RepositoryAddress(endpoint.repository, ignoresCase: ignoresCase)
        switch repository {
        case .project(let key, let slug): return own.isProject(key, slug)
        case .addresses(let texts):
            return texts.contains { text in
                // A forge may tell addresses that are none for git; those are not the environment's.
                guard case .success(let remote) = Result(catching: { () throws(GitError) in try RemoteURL(text) })
                else {
                    return false
                }
                return RepositoryAddress(remote, ignoresCase: ignoresCase) == own
            }
        }
    }

    /// Reads the payload of a genuine delivery. Fields that are not needed may be anything.
    ///
    /// - Returns: nil where it tells of something else than a push to a branch: a ping, a tag, a comment.
    /// - Throws: where it is no JSON of the form that the forge documents for a push.
    static func read(_ delivery: WebhookDelivery) throws -> PushEvent? {
        guard isPush(delivery) else { return nil }
        let decoder = JSONDecoder()
        let data = Data(delivery.body)
        switch delivery.provider {
        case .github, .gitea: return try decoder.decode(GitHubPush.self, from: data).event
        case .gitlab: return try decoder.decode(GitLabPush.self, from: data).event
        case .bitbucket: return try decoder.decode(BitbucketPush.self, from: data).event
        case .generic: return try decoder.decode(GenericPush.self, from: data).event
        }
    }

    /// By the header that names the event.
    private static func isPush(_ delivery: WebhookDelivery) -> Bool {
        switch delivery.provider {
        case .github: delivery.header("X-GitHub-Event") == "push"
        case .gitea: (delivery.header("X-Forgejo-Event") ?? delivery.header("X-Gitea-Event")) == "push"
        // A system hook tells all events under one name; the payload says which it is.
        case .gitlab: ["Push Hook", "System Hook"].contains(delivery.header("X-Gitlab-Event") ?? "")
        case .bitbucket: ["repo:push", "repo:refs_changed"].contains(delivery.header("X-Event-Key") ?? "")
        case .generic: true
        }
    }

    /// The name in `refs/heads/NAME`; nil for a tag or anything else.
    static func branch(ref: String) -> String? {
        ref.hasPrefix("refs/heads/") ? String(ref.dropFirst("refs/heads/".count)) : nil
    }
}

/// Source: docs.github.com, "Webhook events and payloads", push; Gitea and Forgejo send the same fields.
private struct GitHubPush: Decodable {
    struct Repository: Decodable {
        var clone_url: String?
        var ssh_url: String?
        var html_url: String?
    }
    var ref: String
    var repository: Repository

    var event: PushEvent? {
        PushEvent.branch(ref: ref).map {
            PushEvent(
                repository: .addresses(
                    [repository.clone_url, repository.ssh_url, repository.html_url].compactMap { $0 }),
                branches: [$0])
        }
    }
}

/// Source: docs.gitlab.com, "Webhook events", push events, and "System hooks".
private struct GitLabPush: Decodable {
    struct Project: Decodable {
        var git_http_url: String?
        var git_ssh_url: String?
        var web_url: String?
    }
    var event_name: String?
    var object_kind: String?
    var ref: String?
    var project: Project?

    var event: PushEvent? {
        guard [event_name, object_kind].contains("push"), let ref, let project else { return nil }
        return PushEvent.branch(ref: ref).map {
            PushEvent(
                repository: .addresses([project.git_http_url, project.git_ssh_url, project.web_url].compactMap { $0 }),
                branches: [$0])
        }
    }
}

/// Source: support.atlassian.com, "Event payloads", for Bitbucket Cloud and for Bitbucket Data Center.
private struct BitbucketPush: Decodable {
    struct Link: Decodable {
        var href: String?
    }
    struct Repository: Decodable {
        struct Links: Decodable {
            var html: Link?
            var clone: [Link]?
        }
        struct Project: Decodable {
            var key: String?
        }
        var links: Links?
        var slug: String?
        var project: Project?
    }
    struct Ref: Decodable {
        var type: String?
        var name: String?
        var displayId: String?
    }
    struct Change: Decodable {
        /// Cloud: nil where the branch was deleted.
        var new: Ref?
        var old: Ref?
        /// Data Center.
        var ref: Ref?
        var refId: String?
    }
    struct Push: Decodable {
        var changes: [Change]
    }
    var repository: Repository
    var push: Push?
    var changes: [Change]?

    var event: PushEvent? {
        let branches = (push?.changes ?? changes ?? []).compactMap { change -> String? in
            if let refId = change.refId { return PushEvent.branch(ref: refId) }
            return [change.new, change.old].compactMap { $0 }.first { $0.type == "branch" }?.name
        }
        guard !branches.isEmpty else { return nil }
        let links = (repository.links?.clone ?? []) + [repository.links?.html].compactMap { $0 }
        let addresses = links.compactMap(\.href)
        // Data Center's payloads have no address, or only that of the page for people.
        if push == nil, repository.links?.clone == nil, let key = repository.project?.key, let slug = repository.slug {
            return PushEvent(repository: .project(key: key, slug: slug), branches: Set(branches))
        }
        return PushEvent(repository: .addresses(addresses), branches: Set(branches))
    }
}

/// docs/run.md, "Webhooks".
private struct GenericPush: Decodable {
    var repository: String
    var ref: String

    var event: PushEvent? {
        PushEvent.branch(ref: ref).map { PushEvent(repository: .addresses([repository]), branches: [$0]) }
    }
}
