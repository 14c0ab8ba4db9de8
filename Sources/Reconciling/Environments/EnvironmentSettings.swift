import Descriptors
import Documents
import Git
import Rollouts

/// What one source says of an environment: the environment file, the `DESCRY_…` variables, or the flags. Every value has
/// been checked; what is absent is left to the next source.
public struct EnvironmentSettings: Sendable, Hashable {
    /// What the source calls the environment; only a file does.
    public internal(set) var name: String?
    /// What works and is probably not meant.
    public internal(set) var warnings: [Diagnostic] = []
    var values: [EnvironmentSetting: Setting] = [:]

    /// A checked value and where it came from.
    struct Setting: Sendable, Hashable {
        let value: Value
        let origin: Origin
    }

    enum Value: Sendable, Hashable {
        case text(String)
        case repository(RemoteURL)
        case branch(BranchName)
        case channels(Set<AppVersion.Channel>)
        case duration(Duration)
        case onFailure(RolloutSettings.OnFailure)
        case stuckPods(StuckPodPolicy)
        case drift(DriftPolicy)
        case forge(ForgeProvider)
        case link(LinkTemplate)
        case windows(ChangeWindows)
        case signatureRule(SignatureRule)
        case count(Int)
        case bool(Bool)
        case person(CommitIdentity)
        /// The variable that holds the secret, which is read when it is needed.
        case secret(variable: String)
    }

    /// A place to print: a file with its position, `DESCRY_SERVER`, or `--server`.
    struct Origin: Sendable, Hashable {
        let name: String
        let position: Position?
    }

    /// Says nothing.
    public init() {}

    /// The settings that this source gives.
    public var given: Set<EnvironmentSetting> { Set(values.keys) }

    /// These settings, and where they say nothing `lower`'s: flags over variables over the file.
    ///
    /// Alternatives replace one another as a whole: a token from a variable puts aside a password file of the
    /// environment file, and a kubeconfig given by flag puts aside the file's server.
    public func overriding(_ lower: EnvironmentSettings) -> EnvironmentSettings {
        var result = lower
        for (given, putAside) in Self.alternatives where given.contains(where: { values[$0] != nil }) {
            for setting in putAside { result.values[setting] = nil }
        }
        result.values.merge(values) { _, mine in mine }
        result.name = name ?? lower.name
        result.warnings = warnings + lower.warnings
        return result
    }

    private static let alternatives: [(given: [EnvironmentSetting], putAside: [EnvironmentSetting])] = [
        ([.gitPasswordFile, .gitPassword], [.gitPasswordFile, .gitPassword, .gitTokenFile, .gitToken]),
        ([.gitTokenFile, .gitToken], [.gitTokenFile, .gitToken, .gitPasswordFile, .gitPassword, .gitUsername]),
        ([.clusterTokenFile, .clusterToken], [.clusterTokenFile, .clusterToken]),
        ([.clusterServer], [.clusterKubeconfig, .clusterContext]),
        (
            [.clusterKubeconfig, .clusterContext],
            [.clusterServer, .clusterCertificateAuthority, .clusterTokenFile, .clusterToken]
        ),
        ([.verifyJob], [.verifyHTTP]), ([.verifyHTTP], [.verifyJob]),
    ]
}
