import Git
import Reconciling

/// What one environment listens to: pushes to a branch of a repository, told by a forge that knows the secret.
public struct WebhookEndpoint: Sendable, Hashable {
    public let environment: String
    public let provider: ForgeProvider
    public let secret: SecretFile
    public let repository: RemoteURL
    public let branch: BranchName

    public init(
        environment: String, provider: ForgeProvider, secret: SecretFile, repository: RemoteURL, branch: BranchName
    ) {
        self.environment = environment
        self.provider = provider
        self.secret = secret
        self.repository = repository
        self.branch = branch
    }
}
