import Workloads

/// `apps/v1` Deployment.
struct DeploymentObject: ClusterObject {
    struct Spec: Decodable, Sendable {
        var replicas: Int?
        var strategy: StrategyObject?
        var minReadySeconds: Int?
        var paused: Bool?
        var selector: LabelSelectorObject?
        var template: PodTemplateObject?
    }

    struct Status: Decodable, Sendable {
        var observedGeneration: Int64?
        var replicas: Int?
        var readyReplicas: Int?
        var updatedReplicas: Int?
        var availableReplicas: Int?
        var conditions: [ConditionObject]?
    }

    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?

    func value() -> Workload {
        Workload(
            key: WorkloadKey(kind: .deployment, name: metadata.name), uid: metadata.uid ?? "",
            resourceVersion: metadata.resourceVersion ?? "", generation: metadata.generation ?? 0,
            annotations: metadata.annotations ?? [:], controller: metadata.controller,
            isBeingDeleted: metadata.deletionTimestamp != nil,
            replicas: spec?.replicas ?? 1, strategy: (spec?.strategy ?? StrategyObject()).value,
            minReadySeconds: spec?.minReadySeconds ?? 0, isPaused: spec?.paused ?? false,
            selector: (spec?.selector ?? LabelSelectorObject()).value,
            containers: (spec?.template?.spec?.containers ?? []).map(\.value),
            initContainers: (spec?.template?.spec?.initContainers ?? []).map(\.value),
            status: WorkloadStatus(
                observedGeneration: status?.observedGeneration ?? 0, replicas: status?.replicas ?? 0,
                ready: status?.readyReplicas ?? 0, updated: status?.updatedReplicas ?? 0,
                // The field is `omitempty`: every supported server knows it, so absence is zero.
                available: status?.availableReplicas ?? 0, conditions: (status?.conditions ?? []).map(\.value)))
    }
}
