import Descriptors
import FoundationEssentials
import Git
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Gathers the report of a pass while it goes on, and works out its exit code.
///
/// A failed rollout, and any failure after something was written, is exit 3 where everything that was written is back, else
/// exit 4. Where nothing was written the exit code tells what kept it from being written.
struct SyncRecord: Sendable {
    private(set) var report: SyncReport
    private var indexOfApp: [String: Int] = [:]
    private var written: Set<String> = []
    private var hasWritten: Bool { !written.isEmpty }
    private var obstacles: Set<ExitStatus> = []
    private let start = ContinuousClock.now
    private let environment: Environment

    init(_ environment: Environment, _ command: SyncReport.Command, repository: String) {
        self.environment = environment
        report = SyncReport(
            command: command, environment: environment.name, namespace: environment.namespace,
            repository: repository, branch: environment.branch.description, descriptor: environment.descriptor,
            startedAt: Date())
    }

    /// An app, or the check of the whole, has failed.
    var hasFailures: Bool { !obstacles.isEmpty }

    /// There is something of it to take back.
    func isWritten(_ app: String) -> Bool { written.contains(app) }

    mutating func begin(_ commit: SyncReport.Commit) { report.commit = commit }

    mutating func note(_ note: String) {
        if !report.notes.contains(note) { report.notes.append(note) }
    }

    /// - Parameter leftAlone: whether what differs about the app is only told.
    mutating func planned(_ plan: Plan, leftAlone: (PlannedApp) -> Bool) {
        report.apps =
            plan.apps.map { app in
                AppReport(app, outcome: !app.isChanged ? .unchanged : leftAlone(app) ? .drifted : .pending)
            } + AppReport.refused(plan.problems)
        for (index, app) in report.apps.enumerated() { indexOfApp[app.app] = index }
    }

    /// The changes of these apps wait.
    mutating func wait(for holds: [Hold], _ apps: [PlannedApp]) {
        report.waitingFor = holds
        for app in apps { update(app.app.name) { $0.outcome = .waiting } }
    }

    /// While changes wait, this is put right.
    mutating func keep(_ apps: [PlannedApp], leftAlone: (PlannedApp) -> Bool) {
        for app in apps { update(app.app.name) { $0 = AppReport(app, outcome: leftAlone(app) ? .drifted : .pending) } }
    }

    /// The API server took the patch.
    mutating func written(_ planned: PlannedApp, rivals: [String], extent: Sync.Extent) {
        if extent != .validate { written.insert(planned.app.name) }
        update(planned.app.name) {
            $0.outcome = extent == .validate ? .validated : .patched
            $0.notes += rivals
        }
    }

    /// An earlier pass has written it, and did not come to its end.
    mutating func resumed(_ planned: PlannedApp) { written.insert(planned.app.name) }

    /// An earlier pass that did not come to its end has written it, and the descriptor no longer names it.
    mutating func abandoned(_ planned: PlannedApp, to version: String?) {
        written.insert(planned.app.name)
        indexOfApp[planned.app.name] = report.apps.count
        var app = AppReport(planned, outcome: .pending)
        app.to = version ?? "?"
        app.notes.append("no longer in the descriptor: taken back to what it was before a deployment that did not end")
        report.apps.append(app)
    }

    mutating func judged(_ planned: PlannedApp, _ verdict: Verdict, running: [String], seconds: Double) {
        update(planned.app.name) {
            $0.pods = AppReport.Pods(verdict.progress)
            $0.seconds = seconds
        }
        switch verdict {
        case .failed(let failure):
            failed(
                planned.app.name, AppReport.Failure(failure, of: planned, environment: environment), .rolloutFailed)
            update(planned.app.name) { $0.running = running }
        case .proven(let progress):
            update(planned.app.name) {
                $0.outcome = planned.isChanged ? .proven : .unchanged
                if !progress.hasSeenPods {
                    $0.notes.append("proven by the workload's own status; its pods could not be read")
                }
            }
        case .progressing: break
        }
    }

    /// - Parameter status: the exit code where this pass writes nothing at all.
    mutating func failed(_ app: String, _ failure: AppReport.Failure, _ status: ExitStatus) {
        obstacles.insert(status)
        update(app) {
            $0.outcome = .failed
            $0.failure = failure
        }
    }

    /// What this pass had written was taken back, or could not be.
    mutating func rolledBack(
        _ planned: PlannedApp, to version: String?, _ outcome: AppReport.Rollback.Outcome, seconds: Double
    ) {
        update(planned.app.name) {
            $0.rollback = AppReport.Rollback(to: version, outcome: outcome, seconds: seconds)
            switch outcome {
            case .proven: if $0.failure == nil { $0.outcome = .rolledBack }
            case .failed(let failure):
                $0.outcome = .failed
                if $0.failure == nil { $0.failure = failure }
            }
        }
        if case .failed = outcome { obstacles.insert(.rolloutFailed) }
    }

    mutating func verified(_ verification: VerificationReport) {
        report.verification = verification
        if verification.failure != nil { obstacles.insert(.rolloutFailed) }
    }

    mutating func add(_ note: String, to app: String) { update(app) { $0.notes.append(note) } }

    mutating func replaced(_ pods: [StuckPod]) {
        for pod in pods {
            for index in report.apps.indices where report.apps[index].workload == pod.key.description {
                report.apps[index].notes.append(
                    "replaced the stuck pod \(pod.name) of an older revision (\(pod.reason))")
            }
        }
    }

    /// What is still pending when a pass ends was not started.
    mutating func finishNotStarted() {
        for index in report.apps.indices where report.apps[index].outcome == .pending {
            report.apps[index].outcome = .notStarted
        }
    }

    /// A newer commit ended the pass: what was under way is no longer waited for.
    mutating func preempted(by commit: SyncReport.Commit) {
        report.preemptedBy = commit
        for index in report.apps.indices where [.patched, .notStarted].contains(report.apps[index].outcome) {
            report.apps[index].outcome = .preempted
        }
    }

    private mutating func update(_ app: String, _ change: (inout AppReport) -> Void) {
        guard let index = indexOfApp[app] else { return }
        change(&report.apps[index])
    }

    mutating func refuse(_ plan: Plan) -> ExitStatus {
        report.outcome = .refused
        return end(plan.problems.contains { $0.kind == .refused } ? .refused : .missing)
    }

    /// What failed before and is unchanged is not tried again, and nothing else of its descriptor either.
    mutating func refuse(_ quarantine: Quarantine) -> ExitStatus {
        for entry in quarantine.entries { failed(entry.app.app, quarantine.failure(of: entry), .refused) }
        finishNotStarted()
        report.outcome = .refused
        return end(.refused)
    }

    /// Nothing is written, since the canaries of these apps would have to be watched.
    mutating func refuseUnwatched(_ canaries: [PlannedApp]) -> ExitStatus {
        for planned in canaries {
            failed(
                planned.app.name,
                AppReport.Failure(
                    code: "canary-unwatched",
                    message: "\(planned.app.name) asks for a canary, and --no-wait leaves nobody to watch it",
                    hint: "Leave out --no-wait"), .usage)
        }
        finishNotStarted()
        report.outcome = .refused
        return end(.usage)
    }

    mutating func finish() -> ExitStatus {
        let outcomes = Set(report.apps.map(\.outcome))
        if report.preemptedBy != nil {
            report.outcome = .preempted
            return end(.done)
        }
        if !obstacles.isEmpty {
            let isBack = report.apps.allSatisfy { !written.contains($0.app) || $0.rollback?.outcome == .proven }
            if hasWritten && isBack {
                report.outcome = .rolledBack
                return end(.rolledBack)
            }
            report.outcome = .failed
            return end(hasWritten ? .rolloutFailed : obstacles.max { rank($0) < rank($1) } ?? .internalError)
        }
        if report.waitingFor != nil, !outcomes.contains(.validated) {
            report.outcome = .waiting
            return end(report.command == .apply ? .changesPending : .done)
        }
        let order: [(AppReport.Outcome, SyncReport.Outcome)] = [
            (.proven, .proven), (.rolledBack, .proven), (.patched, .patched), (.validated, .validated),
            (.pending, .pending),
        ]
        report.outcome = order.first { outcomes.contains($0.0) }?.1 ?? .unchanged
        return end(.done)
    }

    private mutating func end(_ status: ExitStatus) -> ExitStatus {
        report.finishedAt = Date()
        report.seconds = start.duration(to: .now).inSeconds
        report.exitCode = status.rawValue
        return status
    }

    /// Which of several obstacles is told by the exit code: a failed rollout before all others, then what a person must
    /// mend before what may pass by itself.
    private func rank(_ status: ExitStatus) -> Int {
        let order: [ExitStatus] = [.unreachable, .internalError, .missing, .refused, .denied, .rolloutFailed]
        return order.firstIndex(of: status) ?? 0
    }
}
