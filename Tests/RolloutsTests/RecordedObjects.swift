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

struct RecordedRollout: Decodable {
    struct Target: Decodable {
        let kind: String
        let name: String
        let uid: String
        let generation: Int64
        let images: [String: String]
    }

    struct Event: Decodable {
        /// Milliseconds since the patch.
        let at: Int
        let type: String
        let object: RecordedObject
    }

    let target: Target
    let events: [Event]
}

/// The fields of pods and workloads that the rules read, under the API's names.
struct RecordedObject: Decodable {
    struct Metadata: Decodable {
        let name: String
        let uid: String
        let resourceVersion: String
        let generation: Int64?
        let labels: [String: String]?
        let annotations: [String: String]?
        let deletionTimestamp: String?
        let ownerReferences: [Owner]?
    }
    struct Owner: Decodable {
        let uid: String
        let name: String
        let controller: Bool?
    }
    struct Spec: Decodable {
        let replicas: Int?
        let paused: Bool?
        let minReadySeconds: Int?
        let podManagementPolicy: String?
        let selector: Selector?
        let strategy: Strategy?
        let updateStrategy: Strategy?
        let template: Template?
        let containers: [Container]?
        let initContainers: [Container]?
    }
    struct Selector: Decodable {
        let matchLabels: [String: String]?
    }
    struct Strategy: Decodable {
        let type: String
        let rollingUpdate: RollingUpdate?
    }
    struct RollingUpdate: Decodable {
        let partition: Int?
    }
    struct Template: Decodable {
        let spec: PodSpec
    }
    struct PodSpec: Decodable {
        let containers: [Container]
        let initContainers: [Container]?
    }
    struct Container: Decodable {
        let name: String
        let image: String
    }
    struct Status: Decodable {
        let observedGeneration: Int64?
        let replicas: Int?
        let readyReplicas: Int?
        let updatedReplicas: Int?
        let availableReplicas: Int?
        let currentRevision: String?
        let updateRevision: String?
        let desiredNumberScheduled: Int?
        let currentNumberScheduled: Int?
        let numberReady: Int?
        let numberAvailable: Int?
        let updatedNumberScheduled: Int?
        let phase: String?
        let reason: String?
        let message: String?
        let conditions: [Condition]?
        let containerStatuses: [ContainerStatus]?
        let initContainerStatuses: [ContainerStatus]?
    }
    struct Condition: Decodable {
        let type: String
        let status: String
        let reason: String?
        let message: String?
    }
    struct ContainerStatus: Decodable {
        let name: String
        let ready: Bool
        let restartCount: Int
        let state: State?
        let lastState: State?
    }
    struct State: Decodable {
        let waiting: Waiting?
        let running: Running?
        let terminated: Terminated?
    }
    struct Waiting: Decodable {
        let reason: String?
        let message: String?
    }
    struct Running: Decodable {
        let startedAt: String?
    }
    struct Terminated: Decodable {
        let reason: String?
        let message: String?
        let exitCode: Int
        let signal: Int?
    }
}
