import Workloads

/// Knows which pods belong to which workload, so that an event of one pod costs its own workload and not all of them.
///
/// StatefulSets and DaemonSets are found by their uid, the pod's owner. A Deployment owns its pods through ReplicaSets,
/// so it is found by one label of its selector, and `Workload.owns` decides. Ownership is worked out once for each pod
/// event: O(labels of the pod). Tracking workloads looks once at all pods known, so track them together.
public struct PodIndex: Sendable {
    private struct Label: Hashable {
        let key: String
        let value: String
    }

    private var workloads: [WorkloadKey: Workload] = [:]
    private var keyOfOwner: [String: WorkloadKey] = [:]
    private var deploymentsOfLabel: [Label: Set<WorkloadKey>] = [:]
    /// Deployments whose selector has expressions only.
    private var deploymentsWithoutLabel: Set<WorkloadKey> = []

    private var podOfUID: [String: PodState] = [:]
    private var uidOfName: [String: String] = [:]
    private var keysOfPod: [String: [WorkloadKey]] = [:]
    private var uidsOfKey: [WorkloadKey: Set<String>] = [:]

    public init() {}

    /// How many pods are known, whoever owns them.
    public var count: Int { podOfUID.count }

    /// Starts to keep the pods of these workloads, or goes on with their new state. Only a new workload, a new uid or a
    /// new selector makes it look at all pods again.
    public mutating func track(_ tracked: [Workload]) {
        var needsScan = false
        for workload in tracked {
            if let known = workloads[workload.key] {
                if known.uid == workload.uid, known.selector == workload.selector { continue }
                untrack(workload.key)
            }
            workloads[workload.key] = workload
            register(workload)
            needsScan = true
        }
        guard needsScan else { return }
        for pod in podOfUID.values { assign(pod) }
    }

    public mutating func untrack(_ key: WorkloadKey) {
        guard let workload = workloads.removeValue(forKey: key) else { return }
        keyOfOwner[workload.uid] = nil
        for (label, value) in workload.selector.matchLabels {
            deploymentsOfLabel[Label(key: label, value: value)]?.remove(key)
        }
        deploymentsWithoutLabel.remove(key)
        for uid in uidsOfKey.removeValue(forKey: key) ?? [] { keysOfPod[uid]?.removeAll { $0 == key } }
    }

    /// Takes a whole list of pods in place of what was known. Returns every workload whose pods differ from before.
    public mutating func replaceAll(with pods: [PodState]) -> Set<WorkloadKey> {
        var changed: Set<WorkloadKey> = []
        let listed = Set(pods.map(\.uid))
        for uid in podOfUID.keys where !listed.contains(uid) { changed.formUnion(remove(uid: uid)) }
        for pod in pods { changed.formUnion(update(pod)) }
        return changed
    }

    /// Takes a new or changed pod. Returns the workloads it belongs, or belonged, to; none where nothing changed.
    public mutating func update(_ pod: PodState) -> Set<WorkloadKey> {
        if podOfUID[pod.uid] == pod { return [] }
        var changed: Set<WorkloadKey> = []
        // A pod of the same name and another uid: the deletion of the former one was not seen.
        if let former = uidOfName[pod.name], former != pod.uid { changed = remove(uid: former) }
        changed.formUnion(keysOfPod[pod.uid] ?? [])
        podOfUID[pod.uid] = pod
        uidOfName[pod.name] = pod.uid
        assign(pod)
        changed.formUnion(keysOfPod[pod.uid] ?? [])
        return changed
    }

    /// Takes the deletion of a pod. Returns the workloads it belonged to.
    public mutating func remove(_ pod: PodState) -> Set<WorkloadKey> { remove(uid: pod.uid) }

    /// The pods of a tracked workload, those that are ending included, ordered by name.
    public func pods(of key: WorkloadKey) -> [PodState] {
        (uidsOfKey[key] ?? []).compactMap { podOfUID[$0] }.sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
    }

    private mutating func remove(uid: String) -> Set<WorkloadKey> {
        guard let pod = podOfUID.removeValue(forKey: uid) else { return [] }
        if uidOfName[pod.name] == uid { uidOfName[pod.name] = nil }
        let keys = keysOfPod.removeValue(forKey: uid) ?? []
        for key in keys { uidsOfKey[key]?.remove(uid) }
        return Set(keys)
    }

    private mutating func register(_ workload: Workload) {
        guard workload.key.kind == .deployment else {
            keyOfOwner[workload.uid] = workload.key
            return
        }
        // The least shared label narrows best: `app=backend` rather than `team=shop`.
        let labels = workload.selector.matchLabels.map { Label(key: $0.key, value: $0.value) }
        let rarest = labels.min {
            (deploymentsOfLabel[$0]?.count ?? 0, $0.key) < (deploymentsOfLabel[$1]?.count ?? 0, $1.key)
        }
        if let rarest {
            deploymentsOfLabel[rarest, default: []].insert(workload.key)
        } else {
            deploymentsWithoutLabel.insert(workload.key)
        }
    }

    private mutating func assign(_ pod: PodState) {
        for key in keysOfPod[pod.uid] ?? [] { uidsOfKey[key]?.remove(pod.uid) }
        let keys = owners(of: pod)
        keysOfPod[pod.uid] = keys
        for key in keys { uidsOfKey[key, default: []].insert(pod.uid) }
    }

    private func owners(of pod: PodState) -> [WorkloadKey] {
        if let uid = pod.ownerUID, let key = keyOfOwner[uid] { return [key] }
        guard pod.labels["pod-template-hash"] != nil else { return [] }
        var candidates = deploymentsWithoutLabel
        for (key, value) in pod.labels { candidates.formUnion(deploymentsOfLabel[Label(key: key, value: value)] ?? []) }
        return candidates.filter { workloads[$0]?.owns(pod) ?? false }.sorted()
    }
}
