import Workloads

/// How many pods of an app get a new version first, and for how long they are watched before the others follow.
public struct Canary: Sendable, Hashable {
    /// How many pods at first; at least 1.
    public let pods: Int
    /// How long they have to run without a restart and without losing their readiness. Longer than nothing, at most a day.
    public let hold: Duration

    public init(pods: Int = 1, hold: Duration) {
        self.pods = pods
        self.hold = hold
    }

    /// More pods than any workload has.
    static let mostPods = 1_000_000
    /// A pass that waits for longer than this is stuck rather than careful.
    static let longestHold = Duration.seconds(24 * 3600)
    /// So that `NAME-canary` is a DNS-1123 label.
    static let longestDeploymentName = 63 - WorkloadKey.canarySuffix.count
}

extension App {
    /// The second Deployment that runs the canaries of this one; nil for the other kinds, and where none is asked for.
    public var canaryKey: WorkloadKey? { canary == nil || kind != .deployment ? nil : key.canary }

    /// Every workload that a pass over this app reads by name.
    public var observedKeys: [WorkloadKey] { [key] + [canaryKey].compactMap { $0 } }
}
