import Descriptors
import Git

/// Where an environment's descriptor is, and which versions may stand in it: what it takes to change the descriptor.
public struct DescriptorLocation: Sendable, Hashable {
    /// The environment's name.
    public let environment: String
    public let repository: RemoteURL
    public let branch: BranchName
    /// The descriptor's path in the branch.
    public let path: String
    /// The channels whose versions may run there; never empty.
    public let channels: Set<AppVersion.Channel>
    public let git: GitSettings
    /// Who must approve a commit before it is deployed; nil where nobody has to.
    public let approvals: ApprovalSettings?
    public let signatures: SignatureSettings

    /// The descriptor's name in messages, such as `DEV:deploy-descriptor.yaml`.
    var file: String { "\(branch):\(path)" }
}

extension Environment {
    /// Where its descriptor is.
    public var descriptorLocation: DescriptorLocation {
        DescriptorLocation(
            environment: name, repository: repository, branch: branch, path: descriptor, channels: channels, git: git,
            approvals: approvals, signatures: signatures)
    }
}
