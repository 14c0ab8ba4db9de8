/// What the judge says about one rollout at one moment. `proven` and `failed` are final.
public enum Verdict: Sendable, Hashable {
    case progressing(RolloutProgress)
    case proven(RolloutProgress)
    case failed(RolloutFailure)

    /// True for `proven` and `failed`: the judge will not change its mind.
    public var isFinal: Bool {
        if case .progressing = self { false } else { true }
    }

    public var progress: RolloutProgress {
        switch self {
        case .progressing(let progress), .proven(let progress): progress
        case .failed(let failure): failure.progress
        }
    }
}

/// How far a rollout has come, in pods.
public struct RolloutProgress: Sendable, Hashable {
    /// How many pods are wanted.
    public var replicas: Int
    /// How many pods have the new template. 0 until the controller has seen the change.
    public var updated: Int
    /// How many pods are ready, whatever their template.
    public var ready: Int
    /// What is still missing, for a human: `1 of 3 pods updated`. Empty once proven.
    public var waitingFor: String
    /// False where the pods could not be read, so that only the workload's own status vouches for the rollout.
    public var hasSeenPods: Bool

    public init(replicas: Int, updated: Int, ready: Int, waitingFor: String = "", hasSeenPods: Bool = true) {
        self.replicas = replicas
        self.updated = updated
        self.ready = ready
        self.waitingFor = waitingFor
        self.hasSeenPods = hasSeenPods
    }
}
