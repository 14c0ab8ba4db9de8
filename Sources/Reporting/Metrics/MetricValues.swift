/// How a pass ended, as metrics tell it: a closed list, so that the number of series is bounded.
public enum PassOutcome: String, Sendable, Hashable, CaseIterable {
    /// Everything ran already what the branch says.
    case unchanged
    /// Every changed app is proven.
    case proven
    /// Everything is written, and no rollout was waited for.
    case patched
    /// A rollout failed, and everything of the pass is back and proven.
    case rolledBack = "rolled_back"
    /// A rollout failed.
    case failed
    /// A newer commit ended it.
    case preempted
    /// A change is asked for, and waits for a window or for approvals.
    case waiting
    /// The input is wrong: descriptor, branch, environment file.
    case refused
    /// The descriptor names what is not there.
    case missing
    /// Git server or API server not reachable in time.
    case unreachable
    /// Not permitted.
    case denied
    /// Another writer holds the environment.
    case locked
    /// The process was asked to end, or lost its lease.
    case interrupted
    /// An error in Descry itself.
    case error

    /// By the exit code that `apply` would have ended with.
    public init(exitStatus: ExitStatus) {
        self =
            switch exitStatus {
            case .done: .unchanged
            case .changesPending: .waiting
            case .internalError, .usage: .error
            case .rolledBack: .rolledBack
            case .rolloutFailed: .failed
            case .refused: .refused
            case .unreachable: .unreachable
            case .locked: .locked
            case .denied: .denied
            case .missing: .missing
            }
    }

    /// By a report of a pass that came to its end.
    public init(_ report: SyncReport) {
        switch report.outcome {
        case .unchanged, .pending, .validated: self = .unchanged
        case .patched: self = .patched
        case .proven: self = .proven
        case .rolledBack: self = .rolledBack
        case .preempted: self = .preempted
        case .waiting: self = .waiting
        case .refused, .failed:
            let status = report.exitCode.flatMap(ExitStatus.init(rawValue:))
            self = status.map(PassOutcome.init(exitStatus:)) ?? (report.outcome == .refused ? .refused : .failed)
        }
    }

    /// The environment runs what the branch says.
    public var isSuccess: Bool { self == .unchanged || self == .proven }
}

/// What became of one app that a pass changed.
public enum RolloutOutcome: String, Sendable, Hashable, CaseIterable {
    case proven, failed, preempted
    case rolledBack = "rolled_back"

    /// Nil for an app that was not changed, or whose rollout was not waited for.
    public init?(_ app: AppReport) {
        guard app.seconds != nil else { return nil }
        switch app.outcome {
        case .proven: self = .proven
        case .failed: self = .failed
        case .rolledBack: self = .rolledBack
        case .preempted: self = .preempted
        case .unchanged, .drifted, .pending, .waiting, .validated, .patched, .notStarted, .refused: return nil
        }
    }
}

/// In which state an environment is on this replica.
public enum EnvironmentState: String, Sendable, Hashable, CaseIterable {
    /// Configured, and nothing is known about it yet.
    case starting
    /// Another replica looks after it.
    case elsewhere
    /// It runs what its branch says.
    case upToDate = "up_to_date"
    /// A pass is to bring it there, or is under way.
    case reconciling
    /// Somebody else changed it, and it is only told (`drift: report`) or contested.
    case drifted
    /// Its branch asks for a change that waits for a window or for approvals.
    case waiting
    /// The last pass failed; another one follows by itself.
    case failing
    /// The last pass refused its input; another one follows a new commit or other settings.
    case refused
}

/// What was done with a request to a webhook's address.
public enum WebhookResult: String, Sendable, Hashable, CaseIterable {
    /// Genuine, and at least one environment was woken.
    case woken
    /// Genuine, and no environment's business: a ping, another event, another repository, another branch.
    case ignored
    /// Genuine, and seen before.
    case replayed
    /// Without a signature that any secret of the provider makes.
    case forged
    /// Genuine, and not what the forge documents.
    case malformed
    /// Refused unread: too many requests.
    case limited
    /// Refused: more than the limit of bytes.
    case tooLarge = "too_large"
    /// Refused: it did not arrive in time.
    case tooSlow = "too_slow"
}

/// What became of a question to a git server.
public enum GitRequestOutcome: String, Sendable, Hashable, CaseIterable {
    case ok, refused, unreachable, denied, error, cancelled
}

/// What became of a commit status for a forge.
public enum ForgeStatusOutcome: String, Sendable, Hashable, CaseIterable {
    case sent
    /// It is tried again.
    case failed
    /// The forge refused it, so it is not tried again.
    case refused
    /// It was given up, or overtaken by a newer one for the same commit.
    case dropped
}
