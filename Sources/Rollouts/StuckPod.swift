import Workloads

/// Which broken pods of an older revision Descry may delete, so that a StatefulSet's rollout goes on (kubernetes#67250).
///
/// In every case only pods that are not of the revision that is being rolled out, and that have never been ready.
public enum StuckPodPolicy: String, Sendable, Hashable, CaseIterable {
    case never
    /// Only where no container of the image in question has ever started: nothing that it did can be lost.
    case neverStarted
    case always
}

/// A broken pod of an older revision that holds up its StatefulSet's rollout.
public struct StuckPod: Sendable, Hashable {
    /// The workload that it belongs to.
    public var key: WorkloadKey
    public var name: String
    /// The precondition of its deletion.
    public var uid: String
    /// Why it is broken, in the container's own words.
    public var reason: String

    public init(key: WorkloadKey, name: String, uid: String, reason: String) {
        self.key = key
        self.name = name
        self.uid = uid
        self.reason = reason
    }
}

/// Which stuck pods of one rollout are to be replaced: one at a time, the highest ordinal first.
struct StuckPodReplacement {
    private let policy: StuckPodPolicy
    /// Pods whose replacement was handed out, and that may still be there for a moment.
    private var handedOut: Set<String> = []
    /// Why no pod can be replaced after all, and what a person can do.
    private(set) var refusal: (message: String, hint: String)?

    init(policy: StuckPodPolicy) { self.policy = policy }

    mutating func handOut(_ pod: StuckPod) { handedOut.insert(pod.uid) }

    mutating func refuse(_ message: String, hint: String) { refusal = (message, hint) }

    /// True where the pod has been dealt with or will be: its complaint is no reason to give up.
    func covers(_ pod: PodState, _ rollout: ObservedRollout) -> Bool {
        refusal == nil && (handedOut.contains(pod.uid) || isReplaceable(pod, rollout))
    }

    /// The next pod to replace; nil while the one before is still going or its successor is not ready.
    func next(of rollout: ObservedRollout, complaints: [Complaint]) -> StuckPod? {
        guard refusal == nil, let pods = rollout.pods, !pods.contains(where: { handedOut.contains($0.uid) }) else {
            return nil
        }
        let isWaiting = pods.contains { rollout.isCurrent($0) && !$0.isReady && !$0.isBeingDeleted }
        guard !isWaiting else { return nil }
        let reasons = Dictionary(
            complaints.filter { $0.code == .blockedByStuckPod }.map { ($0.pod ?? "", $0.reason) },
            uniquingKeysWith: { first, _ in first })
        let stuck = pods.filter { pod in
            let isBroken = reasons[pod.name] != nil || (policy == .always && canBeStuck(pod, rollout))
            return isBroken && isReplaceable(pod, rollout)
        }
        return stuck.max { $0.ordinal < $1.ordinal }.map { pod in
            StuckPod(
                key: rollout.target.key, name: pod.name, uid: pod.uid, reason: reasons[pod.name] ?? "never became ready"
            )
        }
    }

    /// One that complains of nothing and is not ready either, such as one whose readiness probe never succeeds.
    private func canBeStuck(_ pod: PodState, _ rollout: ObservedRollout) -> Bool {
        rollout.workload.key.kind == .statefulSet && StatefulSetRollout.canBeBlocked(rollout.workload)
            && !rollout.isCurrent(pod) && !pod.isReady && !pod.isBeingDeleted && !pod.hasEnded
    }

    private func isReplaceable(_ pod: PodState, _ rollout: ObservedRollout) -> Bool {
        let target = rollout.target
        guard !pod.hasBeenReady, StatefulSetRollout.isMended(byDeleting: pod, rollout.workload, target) else {
            return false
        }
        switch policy {
        case .never: return false
        case .neverStarted: return !pod.hasStarted(target.images.keys)
        case .always: return true
        }
    }
}

extension PodState {
    /// The number behind the last hyphen of a StatefulSet's pod.
    var ordinal: Int { name.split(separator: "-").last.flatMap { Int($0) } ?? 0 }

    /// One of these containers runs or has run. One that the runtime could not start has not.
    func hasStarted(_ names: some Collection<String>) -> Bool {
        (initContainerStates + containerStates).contains { names.contains($0.name) && $0.hasStarted }
    }
}

extension ContainerState {
    private static let neverStarted: Set<String> = ["StartError", "ContainerCannotRun"]

    fileprivate var hasStarted: Bool {
        switch phase {
        case .running: return true
        case .terminated(let end) where !Self.neverStarted.contains(end.reason ?? ""): return true
        default: return lastTermination.map { !Self.neverStarted.contains($0.reason ?? "") } ?? false
        }
    }
}
