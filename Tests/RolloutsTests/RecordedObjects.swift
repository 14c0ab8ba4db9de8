import Workloads

/// Turns recorded API objects into `Workloads` values. The one place to change once these tests use the decoder of the
/// Kubernetes target.
enum RecordedObjects {
    static func event(_ object: RecordedObject, _ kind: WorkloadKind, _ isDeleted: Bool) -> Recording.Event {
        object.spec.template == nil
            ? .pod(pod(object), isDeleted: isDeleted) : .workload(workload(object, kind), isDeleted: isDeleted)
    }

    private static func workload(_ object: RecordedObject, _ kind: WorkloadKind) -> Workload {
        let spec = object.spec
        let status = object.status
        let isDaemonSet = kind == .daemonSet
        return Workload(
            key: WorkloadKey(kind: kind, name: object.metadata.name), uid: object.metadata.uid,
            resourceVersion: object.metadata.resourceVersion, generation: object.metadata.generation ?? 0,
            annotations: object.metadata.annotations ?? [:],
            isBeingDeleted: object.metadata.deletionTimestamp != nil,
            replicas: isDaemonSet ? status?.desiredNumberScheduled ?? 0 : spec.replicas ?? 1,
            strategy: UpdateStrategy(
                type: (spec.updateStrategy ?? spec.strategy)?.type ?? "",
                partition: spec.updateStrategy?.rollingUpdate?.partition),
            minReadySeconds: spec.minReadySeconds ?? 0, isPaused: spec.paused ?? false,
            isParallel: spec.podManagementPolicy == "Parallel",
            selector: PodSelector(matchLabels: spec.selector?.matchLabels ?? [:]),
            containers: containers(spec.template?.spec.containers),
            initContainers: containers(spec.template?.spec.initContainers),
            status: WorkloadStatus(
                observedGeneration: status?.observedGeneration ?? 0,
                replicas: (isDaemonSet ? status?.currentNumberScheduled : status?.replicas) ?? 0,
                ready: (isDaemonSet ? status?.numberReady : status?.readyReplicas) ?? 0,
                updated: (isDaemonSet ? status?.updatedNumberScheduled : status?.updatedReplicas) ?? 0,
                available: isDaemonSet ? status?.numberAvailable : status?.availableReplicas,
                currentRevision: status?.currentRevision, updateRevision: status?.updateRevision,
                conditions: conditions(status)))
    }

    private static func pod(_ object: RecordedObject) -> PodState {
        let owner = object.metadata.ownerReferences?.first { $0.controller ?? false }
        let status = object.status
        return PodState(
            name: object.metadata.name, uid: object.metadata.uid, labels: object.metadata.labels ?? [:],
            ownerUID: owner?.uid, ownerName: owner?.name, isBeingDeleted: object.metadata.deletionTimestamp != nil,
            phase: status?.phase ?? "", reason: status?.reason, message: status?.message,
            conditions: conditions(status), containers: containers(object.spec.containers),
            initContainers: containers(object.spec.initContainers),
            containerStates: states(status?.containerStatuses),
            initContainerStates: states(status?.initContainerStatuses))
    }

    private static func containers(_ all: [RecordedObject.Container]?) -> [Container] {
        (all ?? []).map { Container(name: $0.name, image: ContainerImage($0.image)) }
    }

    private static func conditions(_ status: RecordedObject.Status?) -> [WorkloadCondition] {
        (status?.conditions ?? []).map {
            WorkloadCondition(type: $0.type, status: $0.status, reason: $0.reason, message: $0.message)
        }
    }

    private static func states(_ all: [RecordedObject.ContainerStatus]?) -> [ContainerState] {
        (all ?? []).map { status in
            var phase: ContainerState.Phase?
            if let waiting = status.state?.waiting {
                phase = .waiting(reason: waiting.reason, message: waiting.message)
            } else if let end = status.state?.terminated {
                phase = .terminated(termination(end))
            } else if status.state?.running != nil {
                phase = .running
            }
            return ContainerState(
                name: status.name, isReady: status.ready, restartCount: status.restartCount, phase: phase,
                lastTermination: status.lastState?.terminated.map(termination))
        }
    }

    private static func termination(_ end: RecordedObject.Terminated) -> ContainerState.Termination {
        ContainerState.Termination(
            reason: end.reason, message: end.message, exitCode: end.exitCode, signal: end.signal)
    }
}
