/// What Descry has observed of one StatefulSet, Deployment or DaemonSet: the fields that planning and the judgement of a
/// rollout read, and no others.
public struct Workload: Sendable, Hashable {
    public var key: WorkloadKey
    public var uid: String
    /// Opaque; only ever sent back as a precondition.
    public var resourceVersion: String
    /// `metadata.generation`: counts changes of the spec.
    public var generation: Int64
    /// `metadata.annotations`.
    public var annotations: [String: String]
    /// The controlling owner's kind and name, such as `Prometheus/main`: an operator's object, which decides what the workload
    /// looks like.
    public var controller: String?
    /// True once `metadata.deletionTimestamp` is set.
    public var isBeingDeleted: Bool
    /// `spec.replicas` (1 where it is absent, the API's default). For a DaemonSet `status.desiredNumberScheduled`.
    public var replicas: Int
    /// `spec.updateStrategy`, for a Deployment `spec.strategy`.
    public var strategy: UpdateStrategy
    public var minReadySeconds: Int
    /// `spec.paused` of a Deployment; false for the other kinds.
    public var isPaused: Bool
    /// `spec.podManagementPolicy` is `Parallel`; false for the other kinds and for `OrderedReady`.
    public var isParallel: Bool
    /// `spec.selector`: which pods are its own.
    public var selector: PodSelector
    /// `spec.template.spec.containers`, in order.
    public var containers: [Container]
    /// `spec.template.spec.initContainers`, in order.
    public var initContainers: [Container]
    public var status: WorkloadStatus

    public init(
        key: WorkloadKey, uid: String, resourceVersion: String, generation: Int64, annotations: [String: String] = [:],
        controller: String? = nil, isBeingDeleted: Bool = false, replicas: Int, strategy: UpdateStrategy,
        minReadySeconds: Int = 0,
        isPaused: Bool = false, isParallel: Bool = false, selector: PodSelector, containers: [Container],
        initContainers: [Container] = [], status: WorkloadStatus
    ) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.annotations = annotations
        self.controller = controller
        self.isBeingDeleted = isBeingDeleted
        self.replicas = replicas
        self.strategy = strategy
        self.minReadySeconds = minReadySeconds
        self.isPaused = isPaused
        self.isParallel = isParallel
        self.selector = selector
        self.containers = containers
        self.initContainers = initContainers
        self.status = status
    }
}

/// One container of a pod template.
public struct Container: Sendable, Hashable {
    public var name: String
    public var image: ContainerImage

    public init(name: String, image: ContainerImage) {
        self.name = name
        self.image = image
    }
}

/// How a workload replaces its pods.
public struct UpdateStrategy: Sendable, Hashable {
    /// `RollingUpdate`, `OnDelete` or `Recreate`, as the API spells it.
    public var type: String
    /// `rollingUpdate.partition` of a StatefulSet: pods with a lower ordinal keep the old revision. Nil where absent.
    public var partition: Int?

    public init(type: String, partition: Int? = nil) {
        self.type = type
        self.partition = partition
    }
}

/// The status fields of the three kinds under one set of names. A number the API server leaves out is 0, except
/// `available`, where absence means that the server does not know the field (StatefulSets before Kubernetes 1.22).
public struct WorkloadStatus: Sendable, Hashable {
    public var observedGeneration: Int64
    /// `status.replicas`; `currentNumberScheduled` of a DaemonSet.
    public var replicas: Int
    /// `status.readyReplicas`; `numberReady` of a DaemonSet.
    public var ready: Int
    /// `status.updatedReplicas`; `updatedNumberScheduled` of a DaemonSet.
    public var updated: Int
    /// `status.availableReplicas`; `numberAvailable` of a DaemonSet.
    public var available: Int?
    /// `status.currentRevision` of a StatefulSet.
    public var currentRevision: String?
    /// `status.updateRevision` of a StatefulSet.
    public var updateRevision: String?
    public var conditions: [WorkloadCondition]

    public init(
        observedGeneration: Int64, replicas: Int, ready: Int, updated: Int, available: Int? = nil,
        currentRevision: String? = nil, updateRevision: String? = nil, conditions: [WorkloadCondition] = []
    ) {
        self.observedGeneration = observedGeneration
        self.replicas = replicas
        self.ready = ready
        self.updated = updated
        self.available = available
        self.currentRevision = currentRevision
        self.updateRevision = updateRevision
        self.conditions = conditions
    }
}

/// One entry of `status.conditions`, of a workload or a pod.
public struct WorkloadCondition: Sendable, Hashable {
    public var type: String
    /// `True`, `False` or `Unknown`.
    public var status: String
    public var reason: String?
    public var message: String?

    public init(type: String, status: String, reason: String? = nil, message: String? = nil) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
    }
}
