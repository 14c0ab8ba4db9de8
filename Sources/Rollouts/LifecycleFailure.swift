import Workloads

extension RolloutTarget {
    /// Why this workload can no longer reach the target, however long one waits; nil where it still can. A workload older than
    /// Descry's own patch is not judged, but by its identity.
    ///
    /// - Parameter workload: nil where it is gone.
    func lifecycleFailure(_ workload: Workload?, last progress: RolloutProgress) -> RolloutFailure? {
        guard let workload else { return gone(progress) }
        let progress = ObservedRollout(workload: workload, pods: nil, target: self).progress
        if workload.uid != uid {
            return RolloutFailure(
                code: .replaced, reason: "Replaced",
                message: "\(key) was deleted and created again during its rollout", hint: "apply again",
                progress: progress)
        }
        if workload.isBeingDeleted { return gone(progress) }
        guard workload.generation >= generation else { return nil }
        if let failure = imageFailure(workload, progress) ?? partitionFailure(workload, progress) { return failure }
        if workload.isPaused {
            return RolloutFailure(
                code: .paused, reason: "DeploymentPaused",
                message: "\(key) is paused, so its pods are not replaced",
                hint: "kubectl rollout resume \(key)\(namespaceFlag)", progress: progress)
        }
        return nil
    }

    private func gone(_ progress: RolloutProgress) -> RolloutFailure {
        RolloutFailure(
            code: .deleted, reason: "Deleted", message: "\(key) was deleted during its rollout",
            hint: "create it again, then apply", progress: progress)
    }

    private func imageFailure(_ workload: Workload, _ progress: RolloutProgress) -> RolloutFailure? {
        guard
            let (container, wanted, found) = mismatch(
                in: workload.containers, initContainers: workload.initContainers)
        else { return nil }
        let isOurs = workload.generation == generation
        let place = "container \(container) of \(key)"
        let what = found.map { "runs \($0) instead of \(wanted)" } ?? "is gone"
        return RolloutFailure(
            code: isOurs ? .imageRewritten : .superseded, container: container,
            reason: isOurs ? "ImageRewritten" : "Superseded",
            message: "\(place) \(what): "
                + (isOurs ? "the API server stored another image than it was sent" : "somebody changed it meanwhile"),
            hint: isOurs ? "look for an admission webhook that rewrites images" : "see who did, then apply again",
            progress: progress)
    }

    /// Without the partition the other pods follow unwatched.
    private func partitionFailure(_ workload: Workload, _ progress: RolloutProgress) -> RolloutFailure? {
        guard partition > 0, workload.strategy.partition != partition else { return nil }
        let found = workload.strategy.partition.map(String.init) ?? "none"
        return RolloutFailure(
            code: .superseded, reason: "Superseded",
            message:
                "the partition of \(key) is \(found) instead of \(partition): somebody changed it during the canary",
            hint: "see who did, then apply again", progress: progress)
    }
}
