import Descriptors

/// What an environment prescribes for every app of its descriptor.
public struct PlanningRules: Sendable, Hashable {
    /// The environment's name, as the annotation `descry.dev/environment` carries it.
    public var environment: String
    /// The namespace, for messages.
    public var namespace: String
    /// Where images lie unless an app says otherwise: `host[:port][/path]`.
    public var registry: String
    /// The channels that may run here.
    public var channels: Set<AppVersion.Channel>

    public init(environment: String, namespace: String, registry: String, channels: Set<AppVersion.Channel>) {
        self.environment = environment
        self.namespace = namespace
        self.registry = registry
        self.channels = channels
    }
}

/// The names of the annotations that Descry writes to a workload's own metadata, never to its pod template.
public enum WorkloadAnnotation {
    public static let environment = "descry.dev/environment"
    public static let version = "descry.dev/version"
    public static let commit = "descry.dev/commit"
    /// On the Deployment that runs another one's canaries: the other's name.
    public static let canaryOf = "descry.dev/canary-of"
    /// Shown by `kubectl rollout history`.
    public static let changeCause = "kubernetes.io/change-cause"

    /// All that planning reads or writes.
    public static let all: Set<String> = [environment, version, commit, canaryOf, changeCause]
}
