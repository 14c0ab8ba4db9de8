import Workloads

/// When a StatefulSet's rollout is finished, and what can hold it up.
///
/// Source of the rules: `kubectl rollout status` (`StatefulSetStatusViewer`) and the StatefulSet controller of
/// Kubernetes 1.20 to 1.36 (`updateStatefulSet`, `completeRollingUpdate`).
enum StatefulSetRollout {
    /// - Parameter partition: the pods with a lower ordinal need not be updated. The controller then never completes the
    ///   revision, and counts those above it as updated; all where the revision is the current one anyway.
    static func missing(_ workload: Workload, partition: Int = 0) -> String? {
        let status = workload.status
        let canaries = max(workload.replicas - partition, 0)
        if partition > 0 {
            if status.updated < canaries { return "\(status.updated) of \(canaries) canaries updated" }
            if let missing = ObservedRollout.missingReadiness(workload) { return missing }
        } else if let missing = ObservedRollout.missingCounts(workload) {
            return missing
        }
        // Pods of ordinals that are being scaled away count here until they are gone.
        if status.replicas != workload.replicas { return "\(status.replicas - workload.replicas) surplus pods to end" }
        guard let update = status.updateRevision, !update.isEmpty else { return "the controller to name a revision" }
        // The controller completes a rolling update (currentRevision := updateRevision) only once every pod is updated
        // and ready, so this is the one sign that it agrees.
        if partition == 0, status.currentRevision != update { return "the controller to complete revision \(update)" }
        return nil
    }

    /// True where a broken pod of another revision keeps the controller from going on: with the default
    /// `podManagementPolicy: OrderedReady` it waits for every pod to be ready before it replaces the next one
    /// (kubernetes#67250). With `Parallel` it replaces the broken pod like any other.
    static func canBeBlocked(_ workload: Workload) -> Bool { !workload.isParallel }

    /// True where the controller makes the pod of another revision when it is deleted: from the partition on the new one,
    /// below it the current one. Where not, a broken pod only comes back as it is.
    static func isMended(byDeleting pod: PodState, _ workload: Workload, _ target: RolloutTarget) -> Bool {
        target.holdsCanary(pod) || pod.controllerRevision != workload.status.currentRevision
    }

    /// What to do about a stuck pod of another revision, and which image it has.
    static func stuck(_ complaint: Complaint, pod: PodState, workload: Workload, target: RolloutTarget) -> Complaint {
        let image = (pod.containers + pod.initContainers).first { $0.name == complaint.container }?.image
        let revision = image.map { " (\($0))" } ?? ""
        var stuck = complaint
        stuck.code = .blockedByStuckPod
        stuck.message =
            "a pod of an older revision\(revision) is broken, and the StatefulSet controller waits for it before it goes "
            + "on: \(complaint.message)"
        stuck.hint =
            isMended(byDeleting: pod, workload, target)
            ? "kubectl delete pod \(pod.name)\(target.namespaceFlag)"
            : "a canary leaves this pod its version: take \"strategy\" from the app until all of its pods run"
        if complaint.code == .crashLoop || complaint.code == .oomKilled { stuck.grace = target.graces.stuckCrashLoop }
        return stuck
    }
}
