/// Whose software serves a deployment repository: decides how its webhooks are verified and how it is told of deployments.
public enum ForgeProvider: String, Sendable, Hashable, CaseIterable {
    case github
    case gitlab
    /// Forgejo is its fork and speaks the same.
    case gitea
    /// Bitbucket Cloud and Bitbucket Data Center.
    case bitbucket
    /// Anything else that can send a signed request: docs/run.md, "Webhooks".
    case generic
}
