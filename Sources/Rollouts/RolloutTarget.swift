import Workloads

/// What a rollout has to reach: which workload, from which generation on, running which images.
public struct RolloutTarget: Sendable, Hashable {
    public var key: WorkloadKey
    /// Only used to print a complete `kubectl` line in a hint.
    public var namespace: String?
    /// `metadata.uid`: a workload created anew under the same name is another one.
    public var uid: String
    /// `metadata.generation` as Descry's own patch was answered. Status that was observed before it says nothing.
    public var generation: Int64
    /// Container or init container name → the image that its pods must run.
    public var images: [String: ContainerImage]
    /// Those names in `images` that are init containers.
    public var initContainers: Set<String>
    /// Of a StatefulSet: the pods with a lower ordinal may keep what they run. 0 where all are to be replaced.
    public var partition: Int
    /// How long the rollout may take, from the moment the judge was made.
    public var timeout: Duration
    public var graces: RolloutGraces
    /// Which stuck pods are offered for replacement. The others fail the rollout.
    public var stuckPods: StuckPodPolicy

    public init(
        key: WorkloadKey, namespace: String? = nil, uid: String, generation: Int64, images: [String: ContainerImage],
        initContainers: Set<String> = [], partition: Int = 0, timeout: Duration, graces: RolloutGraces = .standard,
        stuckPods: StuckPodPolicy = .never
    ) {
        self.key = key
        self.namespace = namespace
        self.uid = uid
        self.generation = generation
        self.images = images
        self.initContainers = initContainers
        self.partition = partition
        self.timeout = timeout
        self.graces = graces
        self.stuckPods = stuckPods
    }

    /// True where the containers and init containers run every image of the target.
    public func isMet(by containers: [Container], initContainers: [Container]) -> Bool {
        mismatch(in: containers, initContainers: initContainers) == nil
    }

    /// The first container, by name, that does not run the target's image, and what it runs instead (nil: not there).
    func mismatch(in containers: [Container], initContainers all: [Container]) -> (
        container: String, wanted: ContainerImage, found: ContainerImage?
    )? {
        for (name, wanted) in images.sorted(by: { $0.key < $1.key }) {
            let found = (initContainers.contains(name) ? all : containers).first { $0.name == name }?.image
            guard let found, RolloutTarget.satisfies(found, wanted) else { return (name, wanted, found) }
        }
        return nil
    }

    /// A policy webhook may pin a pod's tag to its digest (`app:1.0` becomes `app:1.0@sha256:…`): still the same image.
    static func satisfies(_ found: ContainerImage, _ wanted: ContainerImage) -> Bool {
        if found == wanted { return true }
        return wanted.digest == nil && wanted.tag != nil && found.tag == wanted.tag
            && found.repository == wanted.repository
    }
}

/// How long the judge bears with a complaint that may pass by itself.
///
/// Complaints that cannot pass (an image that does not exist, a missing Secret, a crash loop) have no grace.
public struct RolloutGraces: Sendable, Hashable {
    /// A pull error whose message says neither that it is final nor that it is passing. Kept short, because a bad image
    /// is to be reported within two seconds.
    public var unclear: Duration
    /// An error whose message speaks of a passing trouble (time-out, connection reset, 429, 5xx). Kubelets try a failed
    /// pull again after 10 seconds, so this is longer than one such back-off.
    public var passing: Duration
    /// A pod that no node takes: an autoscaler may be bringing one.
    public var unschedulable: Duration
    /// A Deployment's `ReplicaFailure`: a full quota may have room again as soon as an old pod is gone.
    public var replicaFailure: Duration
    /// A pod of an older revision that crashes again and again in front of a StatefulSet's rollout: it may be ready for
    /// a moment between two crashes, which is enough for the controller to go on.
    public var stuckCrashLoop: Duration

    public init(
        unclear: Duration = .seconds(1), passing: Duration = .seconds(20), unschedulable: Duration = .seconds(30),
        replicaFailure: Duration = .seconds(5), stuckCrashLoop: Duration = .seconds(30)
    ) {
        self.unclear = unclear
        self.passing = passing
        self.unschedulable = unschedulable
        self.replicaFailure = replicaFailure
        self.stuckCrashLoop = stuckCrashLoop
    }

    public static let standard = RolloutGraces()
}
