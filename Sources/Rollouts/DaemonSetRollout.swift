import Workloads

/// When a DaemonSet's rollout is finished.
///
/// Source of the rules: `kubectl rollout status` (`DaemonSetStatusViewer`), with ready pods asked for besides. The
/// wanted number is `status.desiredNumberScheduled`, which is as good as the status is new; where no node matches it is 0.
enum DaemonSetRollout {
    static func missing(_ workload: Workload) -> String? { ObservedRollout.missingCounts(workload) }
}
