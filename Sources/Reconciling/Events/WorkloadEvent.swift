import Descriptors
import Documents
import FoundationEssentials
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// What a pass tells on a workload itself, for those who look there first: `kubectl describe` lists it under Events.
struct WorkloadEvent: Sendable, Hashable {
    /// The raw values are the events' reasons, which are stable.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        case rolloutProven = "RolloutProven"
        case rolloutFailed = "RolloutFailed"
        case rolledBack = "RolledBack"
        case rollbackFailed = "RollbackFailed"
        case stuckPodReplaced = "StuckPodReplaced"
        /// Another field manager had set what Descry now owns.
        case fieldsTakenOver = "FieldsTakenOver"
        case canaryPassed = "CanaryPassed"
        case canaryFailed = "CanaryFailed"
        case verificationFailed = "VerificationFailed"
        /// Somebody else has changed it, and it is left so (`drift: report`).
        case driftFound = "DriftFound"
        /// Somebody else changes it again and again, so it is left so for a while.
        case driftContested = "DriftContested"

        var severity: KubernetesEvent.Severity {
            switch self {
            case .rolloutProven, .rolledBack, .stuckPodReplaced, .canaryPassed: .normal
            case .rolloutFailed, .rollbackFailed, .fieldsTakenOver, .canaryFailed, .verificationFailed,
                .driftFound, .driftContested:
                .warning
            }
        }
    }

    let kind: Kind
    let workload: WorkloadKey
    let uid: String
    /// One line without control characters, of at most ``messageLimit`` bytes.
    let message: String

    /// What the API itself takes in `note` of `events.k8s.io/v1`, and what `kubectl` shows without trouble.
    static let messageLimit = 1024

    init(_ kind: Kind, _ workload: WorkloadKey, uid: String, _ message: String) {
        self.kind = kind
        self.workload = workload
        self.uid = uid
        self.message = Self.cut(printable(message))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > messageLimit else { return text }
        let mark = "…"
        var bytes = mark.utf8.count
        let kept = text.prefix { character in
            bytes += character.utf8.count
            return bytes <= messageLimit
        }
        return kept + mark
    }
}

extension KubernetesEvent {
    init(_ event: WorkloadEvent, at time: Date) {
        self.init(
            workload: event.workload, uid: event.uid, severity: event.kind.severity, reason: event.kind.rawValue,
            message: event.message, time: time)
    }
}

// What happens to an app of a pass, in the words of its event. `commit` is the deployment repository's.
extension WorkloadEvent {
    static func proven(_ planned: PlannedApp, commit: SyncReport.Commit, seconds: Double) -> Self {
        Self(
            .rolloutProven, planned,
            "\(planned.app.version) proven in \(secondsText(seconds)), commit \(commit.shortID)")
    }

    static func failed(_ planned: PlannedApp, commit: SyncReport.Commit, _ failure: AppReport.Failure) -> Self {
        Self(.rolloutFailed, planned, "\(planned.app.version), commit \(commit.shortID): \(failureText(failure))")
    }

    /// - Parameter version: what it is back at, where it can be told.
    static func rolledBack(
        _ planned: PlannedApp, to version: String?, commit: SyncReport.Commit, seconds: Double
    ) -> Self {
        Self(
            .rolledBack, planned,
            "back at \(version ?? "what ran before"), proven in \(secondsText(seconds)): commit \(commit.shortID) "
                + "failed as a whole")
    }

    static func rollbackFailed(_ planned: PlannedApp, to version: String?, _ failure: AppReport.Failure) -> Self {
        Self(.rollbackFailed, planned, "not back at \(version ?? "what ran before"): \(failureText(failure))")
    }

    /// - Parameter workload: the pod's workload, as observed.
    static func stuckPodReplaced(_ pod: StuckPod, of workload: Workload) -> Self {
        Self(
            .stuckPodReplaced, workload.key, uid: workload.uid,
            "deleted pod \(pod.name) of an older revision, which held up the rollout: \(pod.reason)")
    }

    /// - Parameter rivals: which fields, and from whom, as ``WorkloadWriter`` tells them.
    static func fieldsTakenOver(_ planned: PlannedApp, _ rivals: [String]) -> Self {
        Self(.fieldsTakenOver, planned, rivals.joined(separator: "; "))
    }

    static func canaryPassed(
        _ planned: PlannedApp, pods: Int, hold: Duration, commit: SyncReport.Commit
    ) -> Self {
        let canaries = "\(pods) pod\(pods == 1 ? "" : "s")"
        return Self(
            .canaryPassed, planned,
            "\(planned.app.version) held for \(DurationText.format(hold)) in \(canaries), commit \(commit.shortID)")
    }

    static func canaryFailed(_ planned: PlannedApp, commit: SyncReport.Commit, _ failure: AppReport.Failure) -> Self {
        Self(
            .canaryFailed, planned,
            "canary of \(planned.app.version), commit \(commit.shortID): \(failureText(failure))")
    }

    /// - Parameter check: what was asked: `job/smoke`, or the URL.
    static func verificationFailed(
        _ planned: PlannedApp, check: String, commit: SyncReport.Commit, _ failure: AppReport.Failure
    ) -> Self {
        Self(
            .verificationFailed, planned,
            "\(planned.app.version), commit \(commit.shortID), check \(check): \(failureText(failure))")
    }

    static func driftFound(_ drift: FoundDrift) -> Self {
        Self(.driftFound, drift.workload, uid: drift.uid, "\(drift.text); left as it is")
    }

    static func driftContested(_ drift: FoundDrift) -> Self {
        Self(
            .driftContested, drift.workload, uid: drift.uid,
            "\(drift.text); put right \(DriftDamper.limit) times already, so left as it is for a while")
    }

    private init(_ kind: Kind, _ planned: PlannedApp, _ message: String) {
        self.init(kind, planned.key, uid: planned.workload.uid, message)
    }
}

extension FoundDrift {
    /// `spec.….image is …:9.9.9 and not …:1.1.0, set by kubectl-set at 2026-11-21T12:00:00Z`.
    var text: String {
        let fields = changes.map { "\($0.path) is \($0.from ?? "absent") and not \($0.to)" }
        let what = problem.map { [$0] } ?? fields
        let who = writers.isEmpty ? "" : ", set by \(writers.joined(separator: ", "))"
        return what.joined(separator: "; ") + who
    }
}
