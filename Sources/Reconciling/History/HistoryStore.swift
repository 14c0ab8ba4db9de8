import FoundationEssentials
import Kubernetes
import Reporting

/// Reads and writes the history of one environment in its namespace.
///
/// A token that may not do so gets along without: that is said once.
public struct HistoryStore: Sendable {
    private var cluster: KubernetesClient
    let namespace: String
    let environment: String

    /// How often somebody else may write it in between.
    private static let attempts = 5

    public init(cluster: KubernetesClient, environment: Environment) {
        self.cluster = cluster
        namespace = environment.namespace
        self.environment = environment.name
    }

    /// The same, of which every request ends by then.
    func within(_ duration: Duration) -> HistoryStore {
        var bounded = self
        bounded.cluster = cluster.before(.now + duration)
        return bounded
    }

    /// The same, for what follows the writes of a pass.
    var unhurried: HistoryStore {
        var unhurried = self
        unhurried.cluster = cluster.unhurried
        return unhurried
    }

    /// The same, which waits so long for an API server that is away.
    func throughOutages(of duration: Duration) -> HistoryStore {
        var persistent = self
        persistent.cluster = cluster.throughOutages(of: duration)
        return persistent
    }

    /// - Returns: nil where the token may not read it.
    /// - Throws: `KubernetesError` for what is no refusal.
    public func read() async throws -> DeploymentHistory? { try await read(.atOnce) }

    func read(_ decoding: DeploymentHistory.Decoding) async throws -> DeploymentHistory? {
        let name = DeploymentHistory.name(environment)
        do {
            return DeploymentHistory(
                try await cluster.configMap(name, namespace: namespace) ?? ConfigMap(name: name), decoding)
        } catch let error as KubernetesError where error.status == 403 {
            return nil
        }
    }

    /// The same for who cannot do without it.
    ///
    /// - Throws: `KubernetesError`; code `forbidden` (denied) where the token may not read it.
    public func required() async throws -> DeploymentHistory {
        guard let history = try await read() else { throw Self.forbidden(environment, namespace) }
        return history
    }

    static func forbidden(_ environment: String, _ namespace: String) -> KubernetesError {
        KubernetesError(
            code: "forbidden", category: .denied,
            message: "The token may not read the history of \(environment) in \(namespace).",
            hint: "`descry rbac \(environment)` prints the Role that grants it.")
    }

    /// A deployment as stored, and the history as it is with it.
    struct Entry: Sendable {
        var deployment: Deployment
        var history: DeploymentHistory
    }

    /// Adds the deployment, with the next number where it has none yet, or puts it in place of its former self.
    ///
    /// - Parameter known: as read or written last. It is only read again where somebody else has changed it since.
    /// - Returns: nil where the token may not write it.
    func record(
        _ deployment: Deployment, accepting accepted: AcceptedCommit? = nil, in known: DeploymentHistory
    ) async throws -> Entry? {
        var history = known
        for _ in 0..<Self.attempts {
            var numbered = deployment
            if numbered.number == 0 { numbered.number = history.nextNumber }
            do {
                let map = try await cluster.write(
                    try history.recording(numbered, accepting: accepted), over: history.map, namespace: namespace)
                return Entry(deployment: numbered, history: DeploymentHistory(map, .asNeeded))
            } catch let error as KubernetesError where error.status == 403 {
                return nil
            } catch let error as KubernetesError where error.category == .conflict || history.isGone(error) {
                guard let current = try await read(.asNeeded) else { return nil }
                history = current
            }
        }
        throw contended
    }

    /// Records which commit later ones are compared with, where there is no deployment to record it with.
    ///
    /// - Returns: false where the token may not.
    func accept(_ commit: AcceptedCommit, in known: DeploymentHistory) async throws -> Bool {
        var history = known
        for _ in 0..<Self.attempts {
            do {
                _ = try await cluster.write(try history.accepting(commit), over: history.map, namespace: namespace)
                return true
            } catch let error as KubernetesError where error.status == 403 {
                return false
            } catch let error as KubernetesError where error.category == .conflict || history.isGone(error) {
                guard let current = try await read(.asNeeded) else { return false }
                history = current
            }
        }
        throw contended
    }

    /// Records that a person wants what failed before to be tried again.
    ///
    /// - Returns: the history as it is then; where the token may not write it, as it was.
    func forgive(in known: DeploymentHistory) async throws -> DeploymentHistory {
        var history = known
        for _ in 0..<Self.attempts {
            guard let map = history.forgiving else { return history }
            do {
                return DeploymentHistory(try await cluster.write(map, over: history.map, namespace: namespace))
            } catch let error as KubernetesError where error.status == 403 {
                return history
            } catch let error as KubernetesError where error.category == .conflict || history.isGone(error) {
                guard let current = try await read() else { return history }
                history = current
            }
        }
        throw contended
    }

    private var contended: KubernetesError {
        KubernetesError(
            code: "contended", category: .conflict,
            message: "\(DeploymentHistory.name(environment)) changed \(Self.attempts) times while it was to be written")
    }

    /// What to tell once where the history cannot be read by one who only looks.
    static func unreadable(_ environment: String) -> String {
        "the token may not read the history in the ConfigMap \(DeploymentHistory.name(environment)): since when an app "
            + "runs, and what failed last, is not known"
    }

    /// What to tell once where there is no history.
    static func missing(_ environment: String) -> String {
        "the token may not keep the history in the ConfigMap \(DeploymentHistory.name(environment)): a failed version is not "
            + "remembered, and neither is what an interrupted run set out from (descry rbac \(environment) prints the rule)"
    }
}
