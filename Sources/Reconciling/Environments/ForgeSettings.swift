/// How the deployment repository's forge takes part: it tells of pushes, and is told of deployments.
public struct ForgeSettings: Sendable, Hashable {
    /// In bytes. GitHub, GitLab and Gitea recommend a random secret and leave its length to the user; 128 bits cannot be tried
    /// out.
    public static let shortestWebhookSecret = 16

    public let provider: ForgeProvider
    /// What webhooks are verified by. Nil: none is taken.
    public let webhookSecret: SecretFile?
    /// Nil: none are set.
    public let statuses: CommitStatusSettings?
}

/// How to set the statuses of commits.
public struct CommitStatusSettings: Sendable, Hashable {
    public let forge: Forge
    public let token: SecretFile
    /// Path of a PEM file; the git server's, as the forge is the same server.
    public let certificateAuthority: String?
    /// Where a status links to.
    public let target: LinkTemplate?
}
