import Git
import Kubernetes
import Planning
import Reporting
import Workloads

/// What happens in the loop, one event at a time: logs, metrics and the reports to the forge are made of these, and tests wait
/// for them.
public enum LoopEvent: Sendable {
    /// A repository was asked for its branches.
    case polled(RemoteURL, branches: Int)
    case pollFailed(RemoteURL, GitError)
    /// Another replica looks after the environment, or a command is at work there; nil: nobody yet.
    case elsewhere(environment: String, holder: String?)
    /// This replica was told that something may have changed, and has told the one that looks after the environment.
    case hintPassedOn(environment: String, holder: String)
    /// The environment is looked after by this replica from now on.
    case taken(environment: String)
    /// It is no longer: given up, handed over, or lost to another replica.
    case left(environment: String)
    /// The environment cannot be looked after for now: its settings name what is not there, say. It is tried again.
    case troubled(environment: String, AppReport.Failure)
    /// A branch that the server does not have.
    case branchMissing(environment: String, GitError)
    case passStarted(Environment, LoopPass.Start)
    /// The pass has found something to change, and begins to.
    case changing(Environment, LoopPass.Start)
    /// The pass takes the place of one at this commit that did not come to its end, such as one of a process that was killed.
    case superseded(Environment, commit: String, by: LoopPass.Start)
    case progress(environment: String, ProgressEvent)
    case passEnded(Environment, LoopPass)
    /// The pass that failed is made again then, unless something happens before.
    case retrying(environment: String, after: Duration, failures: Int)
    /// Somebody else has changed these apps.
    case driftFound(environment: String, [FoundDrift])
    /// They are as they should be again.
    case driftCorrected(environment: String, apps: [String])
    /// Somebody keeps changing them, so that they are left as they are until then: all of them, none where that is over.
    case driftContested(environment: String, apps: [String: ContinuousClock.Instant])
    /// While the branch's commit is refused, what somebody else has changed could not be looked for, or not be put right.
    case notKept(environment: String, AppReport.Failure)
    /// The token may not watch: drift is only seen by the passes that are made now and then.
    case unwatched(environment: String, KubernetesError)
    /// It may again: its rights or its token are in order.
    case watched(environment: String)
}

/// One pass as the loop has made it.
public struct LoopPass: Sendable {
    public struct Start: Sendable, Hashable {
        /// Of this pass alone; it is on every line that the pass logs.
        public var id: String
        /// Why it is made: `start`, `commit`, `drift`, `retry`, `resync`.
        public var reason: String
        public var commit: CommitID
    }

    public var start: Start
    public var seconds: Double
    /// Nil where the pass ended before there was one, for ``failure``.
    public var report: SyncReport?
    /// What ended it early.
    public var failure: AppReport.Failure?
    /// As `apply` would have exited; nil where the pass was interrupted.
    public var status: ExitStatus?
}

/// An app that somebody else has changed.
public struct FoundDrift: Sendable, Hashable {
    public var app: String
    public var workload: WorkloadKey
    /// Of the workload; empty where it is gone.
    public var uid: String
    /// What sets it apart from the descriptor; empty where the workload is gone.
    public var changes: [FieldChange]
    /// Why it cannot be planned at all, such as `missing-workload`.
    public var problem: String?
    /// Who wrote the fields last, by their field managers: `kubectl-set (2026-11-21T12:00:00Z)`. Empty where it cannot be told.
    public var writers: [String]
    /// Whether it is put right now.
    public var isCorrected: Bool
    /// It was put right several times already, and is left as it is for a while.
    public var isContested: Bool
}
