/// Why a rollout failed, in the words of whoever said so: the container, the pod, the controller.
public struct RolloutFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is. The raw values are stable: tests, JSON output and metrics use them.
    public enum Code: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
        /// The image cannot be pulled.
        case imagePull = "image-pull"
        /// The container cannot be created from its specification: a missing ConfigMap, Secret or key.
        case configError = "config-error"
        /// The container runtime could not create the container.
        case createError = "create-error"
        /// The container was created and could not be started.
        case runError = "run-error"
        /// The container ends again and again.
        case crashLoop = "crash-loop"
        /// The container is killed again and again for exceeding its memory limit.
        case oomKilled = "oom-killed"
        /// The node evicted the pods of the new version more than once.
        case evicted = "evicted"
        /// The node refused the pods of the new version more than once.
        case podFailed = "pod-failed"
        /// No node takes the pod.
        case unschedulable = "unschedulable"
        /// A broken pod of an older revision keeps the StatefulSet from going on (kubernetes#67250).
        case blockedByStuckPod = "blocked-by-stuck-pod"
        /// The Deployment is paused, so nothing will ever roll out.
        case paused = "paused"
        /// The Deployment made no progress for its `progressDeadlineSeconds`.
        case progressDeadline = "progress-deadline"
        /// The controller may not create pods: quota, admission, service account.
        case replicaFailure = "replica-failure"
        /// The rollout's time is up.
        case timedOut = "timed-out"
        /// The workload was deleted.
        case deleted = "deleted"
        /// The workload was deleted and created anew under the same name.
        case replaced = "replaced"
        /// Somebody else set another image after Descry's patch.
        case superseded = "superseded"
        /// The API server stored another image than the one Descry sent: an admission webhook rewrites it.
        case imageRewritten = "image-rewritten"
        /// A container of a canary ended while it was watched.
        case canaryRestarted = "canary-restarted"
        /// A canary lost its readiness while it was watched.
        case canaryNotReady = "canary-not-ready"
        /// A canary was deleted, evicted or replaced while it was watched.
        case canaryGone = "canary-gone"
        /// The pods are ready, and do not answer well when they are asked for their health.
        case unhealthy
        /// The pods are gone that were to be asked for their health.
        case podsGone = "pods-gone"

        public var description: String { rawValue }

        /// The version itself cannot run, as far as can be told, so that trying it again unchanged would end the same. False
        /// where the cluster, or somebody in it, is to blame.
        public var speaksAgainstVersion: Bool {
            switch self {
            case .imagePull, .configError, .createError, .runError, .crashLoop, .oomKilled, .progressDeadline,
                .timedOut, .canaryRestarted, .canaryNotReady, .unhealthy:
                true
            case .evicted, .podFailed, .unschedulable, .blockedByStuckPod, .paused, .replicaFailure, .deleted,
                .replaced,
                .superseded, .imageRewritten, .canaryGone, .podsGone:
                false
            }
        }
    }

    public var code: Code
    /// The pod that says so, where it was a pod.
    public var pod: String?
    /// The container that says so, init containers included.
    public var container: String?
    /// The Kubernetes reason, such as `ErrImagePull`, as it was reported.
    public var reason: String
    /// The reporter's own message.
    public var message: String
    /// What to do next, where Descry knows.
    public var hint: String?
    public var progress: RolloutProgress

    public init(
        code: Code, pod: String? = nil, container: String? = nil, reason: String, message: String, hint: String? = nil,
        progress: RolloutProgress
    ) {
        self.code = code
        self.pod = pod
        self.container = container
        self.reason = reason
        self.message = message
        self.hint = hint
        self.progress = progress
    }

    /// One line: `pod web-2, container web: ErrImagePull: manifest unknown`.
    public var description: String {
        let place = [pod.map { "pod \($0)" }, container.map { "container \($0)" }].compactMap { $0 }
        return [place.isEmpty ? nil : place.joined(separator: ", "), reason, message.isEmpty ? nil : message]
            .compactMap { $0 }.joined(separator: ": ")
    }
}
