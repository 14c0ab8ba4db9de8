import Workloads

/// `apps/v1` StatefulSet.
struct StatefulSetObject: ClusterObject {
    struct Spec: Decodable, Sendable {
        var replicas: Int?
        var updateStrategy: StrategyObject?
        var minReadySeconds: Int?
        var podManagementPolicy: String?
        var selector: LabelSelectorObject?
        var template: PodTemplateObject?
    }

    struct Status: Decodable, Sendable {
        var observedGeneration: Int64?
        var replicas: Int?
        var readyReplicas: Int?
        var updatedReplicas: Int?
        var availableReplicas: Int?
        var currentRevision: String?
        var updateRevision: String?
        var conditions: [ConditionObject]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?

    func value() -> Workload {
        Workload(
            key: WorkloadKey(kind: .statefulSet, name: metadata.name), uid: metadata.uid ?? "",
            resourceVersion: metadata.resourceVersion ?? "", generation: metadata.generation ?? 0,
            annotations: metadata.annotations ?? [:], controller: metadata.controller,
            isBeingDeleted: metadata.deletionTimestamp != nil,
            replicas: spec?.replicas ?? 1, strategy: (spec?.updateStrategy ?? StrategyObject()).value,
            minReadySeconds: spec?.minReadySeconds ?? 0, isParallel: spec?.podManagementPolicy == "Parallel",
            selector: (spec?.selector ?? LabelSelectorObject()).value,
            containers: (spec?.template?.spec?.containers ?? []).map(\.value),
            initContainers: (spec?.template?.spec?.initContainers ?? []).map(\.value),
            status: WorkloadStatus(
                observedGeneration: status?.observedGeneration ?? 0, replicas: status?.replicas ?? 0,
                ready: status?.readyReplicas ?? 0, updated: status?.updatedReplicas ?? 0,
                available: status?.availableReplicas, currentRevision: status?.currentRevision,
                updateRevision: status?.updateRevision, conditions: (status?.conditions ?? []).map(\.value)))
    }
}
