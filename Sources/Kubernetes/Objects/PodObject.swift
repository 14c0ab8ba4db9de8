import FoundationEssentials
import Workloads

/// `v1` Pod.
struct PodObject: ClusterObject {
    struct Status: Decodable, Sendable {
        var phase: String?
        var reason: String?
        var message: String?
        var startTime: String?
        var conditions: [ConditionObject]?
        var containerStatuses: [ContainerStatusObject]?
        var initContainerStatuses: [ContainerStatusObject]?

        /// The kubelet sets `Ready` to false in the moment of `startTime` (both in whole seconds, so one apart at most), and
        /// moves its `lastTransitionTime` only when the pod gets ready or is so no longer. What cannot be told counts as yes.
        var hasBeenReady: Bool {
            guard let startTime, let ready = conditions?.first(where: { $0.type == "Ready" }) else { return false }
            if ready.status == "True" { return true }
            do {
                let start = try Date(startTime, strategy: .iso8601)
                return try Date(ready.lastTransitionTime ?? "", strategy: .iso8601) > start.addingTimeInterval(1)
            } catch {
                return true
            }
        }
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
            hasBeenReady: status?.hasBeenReady ?? false,
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
