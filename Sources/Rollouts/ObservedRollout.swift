import Workloads

/// A workload and its own pods at one moment, seen as a rollout towards a target.
struct ObservedRollout {
    let workload: Workload
    /// The workload's own pods by name; nil where pods cannot be read.
    let pods: [PodState]?
    let target: RolloutTarget

    /// The status belongs to the spec as it is, and the spec is Descry's or a later one.
    ///
    /// `observedGeneration` is compared with the observed object's generation too, not only with the target's: after an
    /// autoscaler's change of `replicas` the older status would be measured against the newer number.
    var isObserved: Bool {
        workload.generation >= target.generation && workload.status.observedGeneration >= workload.generation
    }

    var progress: RolloutProgress {
        RolloutProgress(
            replicas: workload.replicas, updated: isObserved ? workload.status.updated : 0,
            ready: workload.status.ready, hasSeenPods: pods != nil)
    }

    /// What is missing for the rollout to be proven, or nil where nothing is.
    var missing: String? {
        guard isObserved else {
            return "the controller to take up generation \(max(workload.generation, target.generation))"
        }
        let missing =
            switch workload.key.kind {
            case .statefulSet: StatefulSetRollout.missing(workload, partition: target.partition)
            case .deployment: DeploymentRollout.missing(workload)
            case .daemonSet: DaemonSetRollout.missing(workload)
            }
        return missing ?? missingInPods
    }

    /// The rules that the kinds share. `available` is only asked for where it can differ from `ready`. A server that
    /// stores `minReadySeconds` also counts available pods, and one that leaves the number out means 0.
    static func missingCounts(_ workload: Workload) -> String? {
        if workload.status.updated != workload.replicas {
            return "\(workload.status.updated) of \(workload.replicas) pods updated"
        }
        return missingReadiness(workload)
    }

    static func missingReadiness(_ workload: Workload) -> String? {
        let status = workload.status
        let all = workload.replicas
        if status.ready != all { return "\(status.ready) of \(all) pods ready" }
        if workload.minReadySeconds > 0, (status.available ?? 0) != all {
            return "\(status.available ?? 0) of \(all) pods ready for \(workload.minReadySeconds) s"
        }
        return nil
    }

    /// The pods themselves must bear out the status: no ready pod with another image, and enough ready ones with the
    /// target's. Pods that end are ignored, and so are those that have ended: they are no longer counted by anyone.
    private var missingInPods: String? {
        guard let pods else { return nil }
        let ready = pods.filter { !$0.isBeingDeleted && !$0.hasEnded && $0.isReady }
        for pod in ready where target.holdsCanary(pod) {
            guard
                let (container, wanted, found) = target.mismatch(
                    in: pod.containers, initContainers: pod.initContainers)
            else { continue }
            return
                "pod \(pod.name) to run \(wanted) in container \(container) (it runs \(found?.description ?? "no such container"))"
        }
        if ready.count < workload.replicas { return "\(ready.count) of \(workload.replicas) pods ready" }
        return nil
    }

    /// True where the pod was made from the template that the target describes.
    func isCurrent(_ pod: PodState) -> Bool {
        guard target.isMet(by: pod.containers, initContainers: pod.initContainers) else { return false }
        guard workload.key.kind == .statefulSet, let wanted = workload.status.updateRevision,
            let revision = pod.controllerRevision
        else { return true }
        return revision == wanted
    }

    /// The first pod that is neither ready nor on its way out, in words: what a time-out was waiting for.
    var unready: String? {
        guard let pod = pods?.first(where: { !$0.isBeingDeleted && !$0.hasEnded && !$0.isReady }) else { return nil }
        return "pod \(pod.name), \(pod.unreadyInWords)"
    }
}

extension PodState {
    /// What keeps it from being ready: the first container that is not, in its own words.
    var unreadyInWords: String {
        for state in initContainerStates + containerStates where !state.isReady {
            switch state.phase {
            case .waiting(let reason, let message):
                let words = [reason, message].compactMap { $0 }.joined(separator: ": ")
                return "container \(state.name) is waiting" + (words.isEmpty ? "" : ": " + words)
            case .terminated(let end):
                return "container \(state.name) ended: \(end.inWords)"
            case .running:
                if initContainerStates.contains(where: { $0.name == state.name }) {
                    return "init container \(state.name) is still running"
                }
                return "container \(state.name) runs but is not ready (see its readiness probe)"
            case nil: continue
            }
        }
        return "it is not ready (\(phase))"
    }
}

extension ContainerState.Termination {
    /// `OOMKilled, exit code 137` with the container's own message behind it, where it left one.
    var inWords: String {
        let signal = signal.map { $0 == 0 ? "" : ", signal \($0)" } ?? ""
        let words = message.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
        return "\(reason ?? "Error"), exit code \(exitCode)\(signal)\(words)"
    }
}
