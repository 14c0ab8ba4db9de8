import Workloads

/// `v1` Pod.
struct PodObject: ClusterObject {
    struct Status: Decodable, Sendable {
        var phase: String?
        var reason: String?
        var message: String?
        var conditions: [ConditionObject]?
        var containerStatuses: [ContainerStatusObject]?
        var initContainerStatuses: [ContainerStatusObject]?
    }

    var metadata: ObjectMetadata
    var spec: PodSpecObject?
    var status: Status?

    func value() -> PodState {
        let owner = metadata.ownerReferences?.first { $0.controller == true }
        return PodState(
            name: metadata.name, uid: metadata.uid ?? "", labels: metadata.labels ?? [:], ownerUID: owner?.uid,
            ownerName: owner?.name, isBeingDeleted: metadata.deletionTimestamp != nil,
            phase: status?.phase ?? "Unknown",
            reason: status?.reason, message: status?.message, conditions: (status?.conditions ?? []).map(\.value),
            containers: (spec?.containers ?? []).map(\.value),
            initContainers: (spec?.initContainers ?? []).map(\.value),
            containerStates: (status?.containerStatuses ?? []).map(\.value),
            initContainerStates: (status?.initContainerStatuses ?? []).map(\.value))
    }
}

struct ContainerStatusObject: Decodable, Sendable {
    struct State: Decodable, Sendable {
        struct Waiting: Decodable, Sendable {
            var reason: String?
            var message: String?
        }

        struct Running: Decodable, Sendable {}

        struct Terminated: Decodable, Sendable {
            var reason: String?
            var message: String?
            var exitCode: Int?
            var signal: Int?

            var value: ContainerState.Termination {
                .init(reason: reason, message: message, exitCode: exitCode ?? 0, signal: signal)
            }
        }

        var waiting: Waiting?
        var running: Running?
        var terminated: Terminated?

        var phase: ContainerState.Phase? {
            if let terminated { return .terminated(terminated.value) }
            if running != nil { return .running }
            return waiting.map { .waiting(reason: $0.reason, message: $0.message) }
        }
    }

    var name: String
    var ready: Bool?
    var restartCount: Int?
    var state: State?
    var lastState: State?

    var value: ContainerState {
        ContainerState(
            name: name, isReady: ready ?? false, restartCount: restartCount ?? 0, phase: state?.phase,
            lastTermination: lastState?.terminated?.value)
    }
}
