/// What Descry has observed of one pod: the fields that the judgement of a rollout reads.
public struct PodState: Sendable, Hashable {
    public var name: String
    public var uid: String
    public var labels: [String: String]
    /// `uid` of the controlling owner: the StatefulSet or DaemonSet itself, for a Deployment one of its ReplicaSets.
    public var ownerUID: String?
    /// `name` of the controlling owner. A Deployment's ReplicaSet is called `DEPLOYMENT-HASH`, with the hash that the pod
    /// carries as `pod-template-hash`, so that the pods of a Deployment are told apart without reading ReplicaSets.
    public var ownerName: String?
    /// True once `metadata.deletionTimestamp` is set.
    public var isBeingDeleted: Bool
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    public var phase: String
    /// `status.reason` and `status.message`, set for example when the pod was evicted.
    public var reason: String?
    public var message: String?
    public var conditions: [WorkloadCondition]
    /// False only where the pod has certainly never been ready: its `Ready` condition is as the kubelet set it at the start.
    public var hasBeenReady: Bool
    /// `spec.containers`: what the pod is to run.
    public var containers: [Container]
    /// `spec.initContainers`.
    public var initContainers: [Container]
    /// `status.containerStatuses`.
    public var containerStates: [ContainerState]
    /// `status.initContainerStatuses`.
    public var initContainerStates: [ContainerState]

    public init(
        name: String, uid: String, labels: [String: String] = [:], ownerUID: String? = nil,
        ownerName: String? = nil, isBeingDeleted: Bool = false,
        phase: String, reason: String? = nil, message: String? = nil, conditions: [WorkloadCondition] = [],
        hasBeenReady: Bool = false, containers: [Container], initContainers: [Container] = [],
        containerStates: [ContainerState] = [],
        initContainerStates: [ContainerState] = []
    ) {
        self.name = name
        self.uid = uid
        self.labels = labels
        self.ownerUID = ownerUID
        self.ownerName = ownerName
        self.isBeingDeleted = isBeingDeleted
        self.phase = phase
        self.reason = reason
        self.message = message
        self.conditions = conditions
        self.hasBeenReady = hasBeenReady
        self.containers = containers
        self.initContainers = initContainers
        self.containerStates = containerStates
        self.initContainerStates = initContainerStates
    }

    /// The pod's `Ready` condition is `True`.
    public var isReady: Bool { conditions.contains { $0.type == "Ready" && $0.status == "True" } }

    /// The pod has ended for good (`Succeeded` or `Failed`): its controller replaces it and no longer counts it.
    public var hasEnded: Bool { phase == "Succeeded" || phase == "Failed" }

    /// The revision that the controller stamped on the pod (`controller-revision-hash`), for StatefulSets and DaemonSets.
    public var controllerRevision: String? { labels["controller-revision-hash"] }
}

/// One entry of `status.containerStatuses`.
public struct ContainerState: Sendable, Hashable {
    public enum Phase: Sendable, Hashable {
        case waiting(reason: String?, message: String?)
        case running
        case terminated(Termination)
    }

    public struct Termination: Sendable, Hashable {
        public var reason: String?
        public var message: String?
        public var exitCode: Int
        public var signal: Int?

        public init(reason: String?, message: String? = nil, exitCode: Int, signal: Int? = nil) {
            self.reason = reason
            self.message = message
            self.exitCode = exitCode
            self.signal = signal
        }
    }

    public var name: String
    public var isReady: Bool
    public var restartCount: Int
    /// Nil where the kubelet has not reported a state yet.
    public var phase: Phase?
    /// `lastState.terminated`: how the container's previous run ended.
    public var lastTermination: Termination?

    public init(name: String, isReady: Bool, restartCount: Int = 0, phase: Phase?, lastTermination: Termination? = nil)
    {
        self.name = name
        self.isReady = isReady
        self.restartCount = restartCount
        self.phase = phase
        self.lastTermination = lastTermination
    }
}
