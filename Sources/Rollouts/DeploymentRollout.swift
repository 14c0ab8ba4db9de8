import Workloads

/// When a Deployment's rollout is finished, and what its controller says when it is not.
///
/// Source of the rules: `kubectl rollout status` (`DeploymentStatusViewer`) and the conditions documented under
/// "Deployment status" in the Kubernetes documentation.
enum DeploymentRollout {
    static func missing(_ workload: Workload) -> String? {
        let status = workload.status
        if status.updated < workload.replicas { return "\(status.updated) of \(workload.replicas) pods updated" }
        // `replicas` counts the pods of every ReplicaSet, so this is how the old ones are known to be gone.
        if status.replicas > status.updated { return "\(status.replicas - status.updated) old pods to end" }
        return ObservedRollout.missingCounts(workload)
    }

    static func complaints(_ workload: Workload, ignoringDeadline: Bool, _ graces: RolloutGraces) -> [Complaint] {
        var complaints: [Complaint] = []
        if !ignoringDeadline, let exceeded = workload.progressDeadlineExceeded {
            complaints.append(
                Complaint(
                    subject: "deployment", code: .progressDeadline, reason: exceeded.reason ?? "",
                    message: exceeded.message ?? "", grace: .zero))
        }
        if let failure = workload.status.conditions.first(where: { $0.type == "ReplicaFailure" && $0.status == "True" })
        {
            complaints.append(
                Complaint(
                    subject: "deployment", code: .replicaFailure, reason: failure.reason ?? "ReplicaFailure",
                    message: failure.message ?? "", grace: graces.replicaFailure))
        }
        return complaints
    }
}

extension Workload {
    /// The condition that says a Deployment made no progress for its `progressDeadlineSeconds`.
    var progressDeadlineExceeded: WorkloadCondition? {
        guard key.kind == .deployment else { return nil }
        return status.conditions.first {
            $0.type == "Progressing" && $0.status == "False" && $0.reason == "ProgressDeadlineExceeded"
        }
    }
}
