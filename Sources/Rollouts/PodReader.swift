import Workloads

/// Reads from pods why they do not become ready. It remembers what it saw of each container before, because the
/// kubelet's states are moments: `ImagePullBackOff` has forgotten why the pull failed, and a restart count says nothing
/// without the count at the beginning.
struct PodReader {
    private var memories: [String: ContainerMemory] = [:]
    /// New pods that ended (evicted, refused by the node) during this rollout; those from before do not count.
    private var endedBefore: Set<String>?
    private var ended: Set<String> = []

    /// Everything that is wrong now: with pods of the target's own revision, and with pods of other revisions where
    /// they hold up a StatefulSet.
    mutating func complaints(of rollout: ObservedRollout, target: RolloutTarget) -> [Complaint] {
        guard let pods = rollout.pods else { return [] }
        forget(allBut: pods)
        var complaints: [Complaint] = []
        let current = pods.filter { !$0.isBeingDeleted && rollout.isCurrent($0) }
        complaints += endedComplaints(current)
        for pod in current where !pod.hasEnded && !pod.isReady {
            complaints += read(pod, target.graces)
        }
        if rollout.workload.key.kind == .statefulSet {
            // Below the partition no pod is replaced, so that a broken one holds up Parallel, too: all are to be ready.
            let isBlocked = StatefulSetRollout.canBeBlocked(rollout.workload)
            for pod in pods where !pod.isBeingDeleted && !pod.hasEnded && !pod.isReady && !rollout.isCurrent(pod) {
                guard isBlocked || !target.holdsCanary(pod) else { continue }
                complaints += read(pod, target.graces).map {
                    StatefulSetRollout.stuck($0, pod: pod, workload: rollout.workload, target: target)
                }
            }
        }
        return complaints
    }

    private mutating func read(_ pod: PodState, _ graces: RolloutGraces) -> [Complaint] {
        if let complaint = Self.unschedulable(pod, graces) { return [complaint] }
        return (pod.initContainerStates + pod.containerStates).compactMap { state in
            let subject = pod.uid + "/" + state.name
            var memory = memories[subject] ?? ContainerMemory(restartsAtFirst: state.restartCount)
            let complaint = memory.complaint(of: state, graces)
            memories[subject] = memory
            return complaint.map {
                Complaint(
                    subject: subject, code: $0.code, pod: pod.name, container: state.name, reason: $0.reason,
                    message: $0.message, grace: $0.grace)
            }
        }
    }

    /// Source: the `PodScheduled` condition; other reasons than `Unschedulable` (`SchedulingGated`) are somebody's wish.
    private static func unschedulable(_ pod: PodState, _ graces: RolloutGraces) -> Complaint? {
        guard
            let condition = pod.conditions.first(where: {
                $0.type == "PodScheduled" && $0.status == "False" && $0.reason == "Unschedulable"
            })
        else { return nil }
        return Complaint(
            subject: pod.uid, code: .unschedulable, pod: pod.name, reason: condition.reason ?? "",
            message: condition.message ?? "", grace: graces.unschedulable)
    }

    /// One evicted pod is replaced by its controller and proves nothing; the second one shows that it goes on.
    private mutating func endedComplaints(_ current: [PodState]) -> [Complaint] {
        let failed = current.filter { $0.phase == "Failed" }
        guard let endedBefore else {
            endedBefore = Set(failed.map(\.uid))
            return []
        }
        let new = failed.filter { !endedBefore.contains($0.uid) }
        ended.formUnion(new.map(\.uid))
        guard ended.count > 1, let pod = new.last else { return [] }
        let isEvicted = pod.reason == "Evicted"
        return [
            Complaint(
                subject: pod.uid, code: isEvicted ? .evicted : .podFailed, pod: pod.name,
                reason: pod.reason ?? "Failed", message: pod.message ?? "", grace: .zero)
        ]
    }

    private mutating func forget(allBut pods: [PodState]) {
        guard !memories.isEmpty else { return }
        let uids = Set(pods.map(\.uid))
        memories = memories.filter { entry in uids.contains(String(entry.key.prefix { $0 != "/" })) }
    }
}
