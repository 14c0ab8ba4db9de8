import Workloads

/// `apps/v1` DaemonSet.
struct DaemonSetObject: ClusterObject {
    struct Spec: Decodable, Sendable {
        var updateStrategy: StrategyObject?
        var minReadySeconds: Int?
        var selector: LabelSelectorObject?
        var template: PodTemplateObject?
    }

    struct Status: Decodable, Sendable {
        var observedGeneration: Int64?
        var desiredNumberScheduled: Int?
        var currentNumberScheduled: Int?
        var numberReady: Int?
        var updatedNumberScheduled: Int?
        var numberAvailable: Int?
        var conditions: [ConditionObject]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?

    func value() -> Workload {
        Workload(
            key: WorkloadKey(kind: .daemonSet, name: metadata.name), uid: metadata.uid ?? "",
            resourceVersion: metadata.resourceVersion ?? "", generation: metadata.generation ?? 0,
            annotations: metadata.annotations ?? [:], controller: metadata.controller,
            isBeingDeleted: metadata.deletionTimestamp != nil,
            replicas: status?.desiredNumberScheduled ?? 0,
            strategy: (spec?.updateStrategy ?? StrategyObject()).value, minReadySeconds: spec?.minReadySeconds ?? 0,
            selector: (spec?.selector ?? LabelSelectorObject()).value,
            containers: (spec?.template?.spec?.containers ?? []).map(\.value),
            initContainers: (spec?.template?.spec?.initContainers ?? []).map(\.value),
            status: WorkloadStatus(
                observedGeneration: status?.observedGeneration ?? 0, replicas: status?.currentNumberScheduled ?? 0,
                ready: status?.numberReady ?? 0, updated: status?.updatedNumberScheduled ?? 0,
                // The field is `omitempty`: every supported server knows it, so absence is zero.
                available: status?.numberAvailable ?? 0, conditions: (status?.conditions ?? []).map(\.value)))
    }
}
