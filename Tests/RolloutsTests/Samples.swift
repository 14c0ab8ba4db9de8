import Workloads

@testable import Rollouts

/// Hand-made observations for the tables: a workload `web` of three pods on its way from `old` to `new`.
enum Samples {
    static let old = ContainerImage("registry.example.com/shop/web:1.0.0-release-0a1b2c3")
    static let new = ContainerImage("registry.example.com/shop/web:1.1.0-release-4d5e6f7")

    static func target(_ kind: WorkloadKind = .statefulSet, timeout: Duration = .seconds(600)) -> RolloutTarget {
        RolloutTarget(
            key: WorkloadKey(kind: kind, name: "web"), uid: "uid-web", generation: 2, images: ["web": new],
            timeout: timeout)
    }

    /// A finished rollout; tables change one field of it.
    static func finished(_ kind: WorkloadKind = .statefulSet, replicas: Int = 3) -> Workload {
        let isStatefulSet = kind == .statefulSet
        return Workload(
            key: WorkloadKey(kind: kind, name: "web"), uid: "uid-web", resourceVersion: "1", generation: 2,
            replicas: replicas, strategy: UpdateStrategy(type: "RollingUpdate"),
            selector: PodSelector(matchLabels: ["app": "web"]), containers: [Container(name: "web", image: new)],
            status: WorkloadStatus(
                observedGeneration: 2, replicas: replicas, ready: replicas, updated: replicas,
                available: isStatefulSet ? nil : replicas, currentRevision: isStatefulSet ? "web-2" : nil,
                updateRevision: isStatefulSet ? "web-2" : nil))
    }

    static func pods(of kind: WorkloadKind = .statefulSet, count: Int = 3) -> [PodState] {
        (0..<count).map { pod("web-\($0)", kind: kind) }
    }

    /// A ready pod of the new revision.
    static func pod(
        _ name: String, kind: WorkloadKind = .statefulSet, image: ContainerImage = new, revision: String = "web-2",
        isReady: Bool = true, states: [ContainerState]? = nil
    ) -> PodState {
        let isDeployment = kind == .deployment
        return PodState(
            name: name, uid: "uid-\(name)",
            labels: isDeployment
                ? ["app": "web", "pod-template-hash": "abc"] : ["app": "web", "controller-revision-hash": revision],
            ownerUID: isDeployment ? "uid-replica-set" : "uid-web", ownerName: isDeployment ? "web-abc" : "web",
            phase: "Running",
            conditions: [WorkloadCondition(type: "Ready", status: isReady ? "True" : "False")],
            containers: [Container(name: "web", image: image)],
            containerStates: states ?? [ContainerState(name: "web", isReady: isReady, phase: .running)])
    }

    static func waiting(_ reason: String, _ message: String = "", restarts: Int = 0) -> ContainerState {
        ContainerState(
            name: "web", isReady: false, restartCount: restarts, phase: .waiting(reason: reason, message: message))
    }
}

/// A small generator with a seed, so that a failing order can be played again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
