import Descriptors
import Git
import Rollouts

/// One environment, complete and checked: which branch says what runs, and where it runs.
///
/// A value in one reference: a loop keeps it in many places for each environment, and what it holds takes more than a kilobyte.
public struct Environment: Sendable, Hashable {
    /// What it holds; the same names, without words.
    struct Content: Sendable, Hashable {
        let name: String
        let repository: RemoteURL
        let branch: BranchName
        let descriptor: String
        let namespace: String
        let registry: String
        let channels: Set<AppVersion.Channel>
        var cluster: ClusterSettings
        var git: GitSettings
        let rollout: RolloutSettings
        let drift: DriftPolicy
        let verify: Verify?
        let forge: ForgeSettings?
        let windows: ChangeWindows
        let signatures: SignatureSettings
        let approvals: ApprovalSettings?
        let notes: Bool
        let revert: RevertSettings
    }

    private final class Box: Sendable {
        let content: Content

        init(_ content: Content) { self.content = content }
    }

    private var box: Box

    init(_ content: Content) { box = Box(content) }

    private var content: Content {
        get { box.content }
        set { box = Box(newValue) }
    }

    public var name: String { box.content.name }
    public var repository: RemoteURL { box.content.repository }
    public var branch: BranchName { box.content.branch }
    /// The descriptor's path in the branch.
    public var descriptor: String { box.content.descriptor }
    /// The only namespace that is written to.
    public var namespace: String { box.content.namespace }
    /// `host[:port][/path]`.
    public var registry: String { box.content.registry }
    /// The channels whose versions may run here; never empty.
    public var channels: Set<AppVersion.Channel> { box.content.channels }
    public internal(set) var cluster: ClusterSettings {
        get { box.content.cluster }
        set { content.cluster = newValue }
    }
    public internal(set) var git: GitSettings {
        get { box.content.git }
        set { content.git = newValue }
    }
    public var rollout: RolloutSettings { box.content.rollout }
    public var drift: DriftPolicy { box.content.drift }
    /// What is asked once every rollout is proven; nil where that is all.
    public var verify: Verify? { box.content.verify }
    /// How the repository's forge tells of pushes and is told of deployments; nil where neither is asked for.
    public var forge: ForgeSettings? { box.content.forge }
    /// When it may be changed.
    public var windows: ChangeWindows { box.content.windows }
    public var signatures: SignatureSettings { box.content.signatures }
    /// Who must approve a commit before it is deployed; nil where nobody has to.
    public var approvals: ApprovalSettings? { box.content.approvals }
    /// What becomes of its deployments is added to the git notes of their commits.
    public var notes: Bool { box.content.notes }
    /// How failed versions are taken back in git, where ``RolloutSettings/onFailure`` asks for it.
    public var revert: RevertSettings { box.content.revert }

    public static func == (one: Environment, other: Environment) -> Bool {
        one.box === other.box || one.box.content == other.box.content
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(box.content) }

    /// What its connections read once.
    var connectionFiles: [String] { git.connectionFiles + cluster.connectionFiles }
}

/// How to reach the API server. With nothing set: in-cluster, else the kubeconfig and its current context.
public struct ClusterSettings: Sendable, Hashable {
    /// Excludes ``kubeconfig`` and ``context``.
    public let server: String?
    /// Path of a PEM file.
    public let certificateAuthority: String?
    /// Path of a file with the bearer token.
    public let tokenFile: String?
    /// The environment variable that holds the bearer token. At most one of the two is set.
    public let tokenVariable: String?
    /// Path of a kubeconfig.
    public let kubeconfig: String?
    public let context: String?
    /// Changes with what is in the certificates and kubeconfig, where somebody looked: then the connection has to be made anew,
    /// which reads them. Tokens need no such thing.
    public internal(set) var revision: String?

    /// What a connection reads once.
    var connectionFiles: [String] { [certificateAuthority, kubeconfig].compactMap { $0 } }
}

/// How to reach the git server. All paths are of files on this machine.
public struct GitSettings: Sendable, Hashable {
    public let certificateAuthority: String?
    /// Where user, password or token are read from when they are needed; no secret is in here.
    public let credentials: GitCredentials
    public let clientCertificate: String?
    public let clientKey: String?
    public let sshKey: String?
    public let knownHosts: String?
    /// As ``ClusterSettings/revision``, of the certificates and the key.
    public internal(set) var revision: String?

    /// What a connection reads once.
    var connectionFiles: [String] { [certificateAuthority, clientCertificate, clientKey].compactMap { $0 } }

    /// The words of the `ssh` to run, where a key or known hosts are set; nil leaves it to the user's own settings.
    public var sshCommand: [String]? {
        if sshKey == nil && knownHosts == nil { return nil }
        var words = ["ssh"]
        if let sshKey { words += ["-i", sshKey, "-o", "IdentitiesOnly=yes"] }
        // ssh_config(5) splits this value at spaces, outside of double quotes.
        if let knownHosts { words += ["-o", "UserKnownHostsFile=\"\(knownHosts)\""] }
        return words
    }
}

/// How rollouts are judged and ended.
public struct RolloutSettings: Sendable, Hashable {
    /// What follows when a rollout fails.
    public enum OnFailure: String, Sendable, Hashable, CaseIterable {
        /// Everything of this sync goes back to what ran before.
        case rollback
        /// The same, and once all of it is proven back the branch goes back, too, by a commit.
        case revert
        /// Nothing more is started; what failed stays for a person to look at.
        case stop
        /// The other apps are rolled out all the same.
        case `continue`

        /// The cluster goes back.
        public var rollsBack: Bool { self == .rollback || self == .revert }
        /// The branch does, too.
        public var reverts: Bool { self == .revert }
    }

    /// For one app, unless its descriptor says otherwise.
    public let timeout: Duration
    public let onFailure: OnFailure
    public let replaceStuckPods: StuckPodPolicy
}

/// By whom failed versions are taken back in git, and how often.
public struct RevertSettings: Sendable, Hashable {
    /// Author and committer; nil for Descry at this machine.
    public let author: CommitIdentity?
    /// Path of the SSH key that signs the commits; nil for none.
    public let signKey: String?
    /// So many reverts of an app within ``period`` are a loop between whoever deploys versions and Descry: no more follow.
    public let limit: Int
    public let period: Duration
}

/// The check of the whole environment that follows its rollouts.
public struct Verify: Sendable, Hashable {
    public enum Check: Sendable, Hashable {
        /// A Job made after the CronJob of this name, or after the suspended Job of it, has to succeed.
        case job(String)
        /// This URL has to answer well.
        case http(String)
    }

    public let check: Check
    /// For all of it.
    public let timeout: Duration

    public init(check: Check, timeout: Duration) {
        self.check = check
        self.timeout = timeout
    }
}

/// Which commits must be signed, and by whom. Paths are of this machine.
public struct SignatureSettings: Sendable, Hashable {
    public let rule: SignatureRule
    /// Path of a list of allowed signers.
    public let allowedSigners: String?
    /// Path of a GnuPG home folder.
    public let gpgHome: String?
}

/// How many people must approve a commit, and who may.
public struct ApprovalSettings: Sendable, Hashable {
    /// At least 1.
    public let count: Int
    /// Path of a list of allowed signers.
    public let signers: String
    public let authorMayApprove: Bool
    /// How long an approval counts from its own time on; nil for as long as it says itself.
    public let expiry: Duration?
}

/// What follows when a workload is no longer as the descriptor says.
public enum DriftPolicy: String, Sendable, Hashable, CaseIterable {
    /// It is put right.
    case correct
    /// It is only told.
    case report
}
