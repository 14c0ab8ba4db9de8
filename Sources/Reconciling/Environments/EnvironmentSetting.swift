/// Every setting of an environment: its key in the environment file, its flag, its `DESCRY_…` variable, and what it means.
///
/// The one table that the decoder, `--help` and docs/environment.md go by, so that they cannot drift apart.
public enum EnvironmentSetting: String, Sendable, Hashable, CaseIterable {
    case repository
    case branch
    case descriptor
    case namespace
    case registry
    case versions
    case clusterServer = "cluster.server"
    case clusterCertificateAuthority = "cluster.certificateAuthority"
    case clusterTokenFile = "cluster.tokenFile"
    case clusterToken = "cluster.token"
    case clusterKubeconfig = "cluster.kubeconfig"
    case clusterContext = "cluster.context"
    case gitCertificateAuthority = "git.certificateAuthority"
    case gitUsername = "git.username"
    case gitPasswordFile = "git.passwordFile"
    case gitPassword = "git.password"
    case gitTokenFile = "git.tokenFile"
    case gitToken = "git.token"
    case gitClientCertificate = "git.clientCertificate"
    case gitClientKey = "git.clientKey"
    case gitSSHKey = "git.sshKey"
    case gitKnownHosts = "git.knownHosts"
    case rolloutTimeout = "rollout.timeout"
    case rolloutOnFailure = "rollout.onFailure"
    case rolloutReplaceStuckPods = "rollout.replaceStuckPods"
    case revertAuthor = "revert.author"
    case revertSignKey = "revert.signKey"
    case revertLimit = "revert.limit"
    case revertPeriod = "revert.period"
    case verifyJob = "verify.job"
    case verifyHTTP = "verify.http"
    case verifyTimeout = "verify.timeout"
    case drift
    case notes
    case forgeProvider = "forge.provider"
    case forgeWebhookSecretFile = "forge.webhookSecretFile"
    case forgeTokenFile = "forge.tokenFile"
    case forgeURL = "forge.url"
    case forgeTargetURL = "forge.targetURL"
    case windows
    case requireSigned
    case allowedSigners
    case gpgHome
    case approvalsCount = "approvals.count"
    case approvalsSigners = "approvals.signers"
    case approvalsAuthorMayApprove = "approvals.authorMayApprove"
    case approvalsExpiry = "approvals.expiry"

    /// The dotted path in the environment file, such as `cluster.server`. Nil for a secret, which no file may hold.
    public var key: String? { isSecret ? nil : rawValue }

    /// With its dashes, such as `--server`. Nil for a secret, which every process of the machine could read there, and for
    /// what only files say.
    public var flag: String? { isSecret || isFileOnly ? nil : "--" + words.joined(separator: "-") }

    /// Such as `DESCRY_SERVER`. Nil for what only files say.
    public var variable: String? { isFileOnly ? nil : "DESCRY_" + words.joined(separator: "_").uppercased() }

    /// True for what concerns the loop alone, which runs many environments: a flag or variable would give all of them one
    /// secret and one token, and no environment's credential is ever another one's. And for a guard, and for what writes to the
    /// repository.
    public var isFileOnly: Bool { ["forge", "revert"].contains(section) || self == .notes || isGuard }

    /// True where the setting keeps people from deploying what, or when, they must not: only the environment file may say
    /// it, so that nobody who merely runs Descry lifts it by a flag or a variable.
    public var isGuard: Bool {
        switch self {
        case .windows, .requireSigned, .allowedSigners, .gpgHome: true
        default: section == "approvals"
        }
    }

    /// True where the value itself is a credential: it can come from its variable only.
    public var isSecret: Bool { self == .clusterToken || self == .gitPassword || self == .gitToken }

    /// True where an environment is unusable without it.
    public var isRequired: Bool { self == .repository || self == .namespace || self == .registry }

    /// What stands for the value in `--help`.
    public var placeholder: String { shape.placeholder }

    /// One line for `--help` and the reference, without its full stop.
    public var help: String {
        switch self {
        case .repository: "The deployment repository: https, ssh, user@host:path or a local path"
        case .branch: "The branch that says what runs (default: the environment's name)"
        case .descriptor: "The path of the descriptor in the branch (default: deploy-descriptor.yaml)"
        case .namespace: "The namespace to deploy to, and the only one that is written to"
        case .registry: "Where images lie, as host[:port][/path]; an app's image is REGISTRY/NAME"
        case .versions: "The channels that may run here (default: rc and release)"
        case .clusterServer: "The URL of the API server (default: in-cluster, else the kubeconfig)"
        case .clusterCertificateAuthority: "PEM file of the authorities that the API server's certificate is checked by"
        case .clusterTokenFile: "File with the bearer token for the API server"
        case .clusterToken: "The bearer token for the API server itself"
        case .clusterKubeconfig: "The kubeconfig to use (default: KUBECONFIG, else ~/.kube/config)"
        case .clusterContext: "The context of the kubeconfig (default: its current context)"
        case .gitCertificateAuthority: "PEM file of the authorities that the git server's certificate is checked by"
        case .gitUsername: "User for basic authentication at the git server"
        case .gitPasswordFile: "File with the password for basic authentication at the git server"
        case .gitPassword: "The password for basic authentication at the git server itself"
        case .gitTokenFile: "File with the bearer token for the git server"
        case .gitToken: "The bearer token for the git server itself"
        case .gitClientCertificate: "PEM file of the client certificate for the git server"
        case .gitClientKey: "PEM file of the client certificate's key"
        case .gitSSHKey: "Private key for ssh (default: the user's own keys and agent)"
        case .gitKnownHosts: "Known hosts for ssh (default: the user's own)"
        case .rolloutTimeout: "How long one app's rollout may take (default: 10m)"
        case .rolloutOnFailure:
            "What a failed rollout leads to: rollback (of all apps), revert (in git, too), stop or continue (default: rollback)"
        case .rolloutReplaceStuckPods:
            "Which broken pods to delete that block a StatefulSet: never, neverStarted or always (default: neverStarted)"
        case .revertAuthor: "Who commits reverts, as NAME <ADDRESS> (default: Descry at its host)"
        case .revertSignKey: "File with the SSH key that signs them"
        case .revertLimit: "How many reverts of an app within the period are a loop, which ends them (default: 3)"
        case .revertPeriod: "In what time so many are a loop (default: 24h)"
        case .verifyJob:
            "The suspended CronJob (or Job) of the namespace whose job checks the environment after its rollouts"
        case .verifyHTTP: "The URL that is asked, after the rollouts, whether the environment is well"
        case .verifyTimeout: "How long the check after the rollouts may take (default: 10m)"
        case .drift: "What a change made by somebody else leads to: correct or report (default: correct)"
        case .notes: "Whether what becomes of deployments is added to git's notes: true or false (default: false)"
        case .forgeProvider:
            "Whose software serves the repository: github, gitlab, gitea, forgejo, bitbucket or generic"
        case .forgeWebhookSecretFile: "File with the secret that the forge's webhooks are signed with"
        case .forgeTokenFile: "File with the token to set commit statuses with; without it none are set"
        case .forgeURL: "The URL of the forge's API (default: by the repository's host)"
        case .forgeTargetURL: "Where a commit status links to, with {environment}, {namespace}, {branch} and {commit}"
        case .windows: "When changes may be made, or may not (default: always)"
        case .requireSigned: "Whether commits must be signed: false, true (the deployed one) or all (default: false)"
        case .allowedSigners: "File with the SSH keys that may sign, as ssh-keygen takes it"
        case .gpgHome: "GnuPG home folder whose trusted keys may sign commits"
        case .approvalsCount: "How many people must approve a commit before it is deployed (default: nobody)"
        case .approvalsSigners: "File with the SSH keys that may approve (default: allowedSigners)"
        case .approvalsAuthorMayApprove: "Whether the commit's author counts among them (default: false)"
        case .approvalsExpiry: "How long an approval counts (default: as long as it says itself)"
        }
    }

    /// How the text of a value is read.
    enum Shape {
        case repository, branch, descriptorPath, label, registry, channels, server, path, text, duration, onFailure,
            stuckPods, drift, objectName, checkURL, forge, forgeURL, link, windows, signatureRule, count, bool, person

        var placeholder: String {
            switch self {
            case .repository, .server, .checkURL, .forgeURL, .link: "URL"
            case .branch: "BRANCH"
            case .descriptorPath, .path: "PATH"
            case .label: "NAMESPACE"
            case .registry: "REGISTRY"
            case .channels: "CHANNELS"
            case .text, .objectName, .forge, .person: "NAME"
            case .duration: "DURATION"
            case .onFailure, .drift: "ACTION"
            case .stuckPods: "WHICH"
            case .windows: "WINDOWS"
            case .signatureRule: "RULE"
            case .count: "NUMBER"
            case .bool: "BOOLEAN"
            }
        }
    }

    var shape: Shape {
        switch self {
        case .repository: .repository
        case .branch: .branch
        case .descriptor: .descriptorPath
        case .namespace: .label
        case .registry: .registry
        case .versions: .channels
        case .clusterServer: .server
        case .clusterContext, .gitUsername, .clusterToken, .gitPassword, .gitToken: .text
        case .rolloutTimeout, .verifyTimeout, .approvalsExpiry, .revertPeriod: .duration
        case .verifyJob: .objectName
        case .verifyHTTP: .checkURL
        case .rolloutOnFailure: .onFailure
        case .rolloutReplaceStuckPods: .stuckPods
        case .drift: .drift
        case .forgeProvider: .forge
        case .forgeURL: .forgeURL
        case .forgeTargetURL: .link
        case .windows: .windows
        case .requireSigned: .signatureRule
        case .approvalsCount, .revertLimit: .count
        case .revertAuthor: .person
        case .approvalsAuthorMayApprove, .notes: .bool
        case .clusterCertificateAuthority, .clusterTokenFile, .clusterKubeconfig, .gitCertificateAuthority,
            .gitPasswordFile, .gitTokenFile, .gitClientCertificate, .gitClientKey, .gitSSHKey, .gitKnownHosts,
            .forgeWebhookSecretFile, .forgeTokenFile, .allowedSigners, .gpgHome, .approvalsSigners,
            .revertSignKey:
            .path
        }
    }

    /// The section of the environment file, where the setting is in one.
    var section: String? {
        rawValue.contains(".") ? String(rawValue.prefix { $0 != "." }) : nil
    }

    /// The key inside its section.
    var name: String { section.map { String(rawValue.dropFirst($0.count + 1)) } ?? rawValue }

    /// `git.clientKey` is git-client-key and `verify.job` verify-job; the sections `cluster` and `rollout` are left out, as kubectl does.
    private var words: [String] {
        var words: [String] = section.flatMap { ["git", "verify"].contains($0) ? [$0] : nil } ?? []
        if self == .gitSSHKey { return ["git", "ssh", "key"] }
        var word = ""
        for character in name {
            if character.isUppercase {
                words.append(word)
                word = ""
            }
            word += character.lowercased()
        }
        return words + [word]
    }
}
