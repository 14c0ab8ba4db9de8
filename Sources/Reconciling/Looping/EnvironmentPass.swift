import Descriptors
import Documents
import FoundationEssentials
import Git
import Kubernetes
import Planning
import Reporting
import Rollouts

/// One pass of the loop: `Sync.run` with what the loop knows already, and what its end means for the next one.
struct EnvironmentPass: Sendable {
    let environment: Environment
    let context: LoopContext
    let repository: GitRepository
    let cluster: KubernetesClient
    let feed: TipFeed
    let start: LoopPass.Start
    let leavesAlone: Set<String>

    /// Comes back however the pass ends; every line that it logs meanwhile carries its id.
    func run() async -> FinishedPass {
        await PassID.$current.withValue(start.id) {
            let begin = context.time.now()
            var finished: FinishedPass
            do {
                finished = try await context.slots.run(
                    at: environment.cluster.address, isBusy: { cluster.requestsWaiting > 0 }
                ) { giveBack in
                    context.tell(.passStarted(environment, start))
                    var finished: FinishedPass
                    do {
                        finished = FinishedPass(
                            start, try await sync(context.tell, hasWritten: giveBack).run(), context.time.date(),
                            poll: context.settings.pollInterval)
                    } catch {
                        finished = FinishedPass(start, error)
                    }
                    if finished.end == .refused || finished.isRevertDue { await keep(&finished, hasWritten: giveBack) }
                    return finished
                }
            } catch {
                finished = FinishedPass(start, error)
            }
            finished.summary.seconds = (context.time.now() - begin) / .seconds(1)
            context.tell(.passEnded(environment, finished.summary))
            return finished
        }
    }

    /// What runs is kept as it was deployed last while the branch's own commit is refused.
    private func keep(_ finished: inout FinishedPass, hasWritten giveBack: @escaping @Sendable () -> Void) async {
        do {
            // The forge is told of the branch's commit, which nothing of this is about.
            let tell: @Sendable (LoopEvent) -> Void = { [tell = context.tell] event in
                switch event {
                case .changing, .superseded: break
                default: tell(event)
                }
            }
            let sync = sync(tell, hasWritten: giveBack)
            if let kept = try await sync.keepLastDeployed() { finished.kept(kept) }
        } catch {
            // It is tried again with the commit, which waits for nothing but another one.
            finished.end = FinishedPass(start, error).end
            context.tell(.notKept(environment: environment.name, AppReport.Failure(ending: error)))
        }
    }

    private func sync(
        _ tell: @escaping @Sendable (LoopEvent) -> Void, hasWritten: @escaping @Sendable () -> Void
    ) -> Sync {
        let (environment, start) = (environment, start)
        return Sync(
            environment: environment, repository: repository, cluster: cluster, command: .apply, extent: .prove,
            runner: context.runner,
            tips: TipSource(current: { start.commit }, next: { try await feed.tip(after: $0) }),
            leavesAlone: leavesAlone, now: context.time.date,
            progress: { event in
                switch event {
                case .planned: tell(.changing(environment, start))
                case .app: hasWritten()
                case .superseded(let commit): tell(.superseded(environment, commit: commit.id, by: start))
                default: break
                }
                tell(.progress(environment: environment.name, event))
            })
    }
}

/// A pass that has ended, and what follows from it.
struct FinishedPass: Sendable {
    var summary: LoopPass
    var end: EnvironmentAgenda.End
    /// What it has left, by which somebody else's changes can be told; nil where that is not known.
    var left: Left?
    /// The apps that it has written.
    var written: Set<String> = []
    var proven: Set<String> = []
    /// The apps that it has left as somebody else made them.
    var drifted: Set<String> = []

    /// - Parameters:
    ///   - now: the calendar's time.
    ///   - poll: how often approvals are looked for.
    init(_ start: LoopPass.Start, _ outcome: Sync.Outcome, _ now: Date, poll: Duration) {
        let report = outcome.report
        summary = LoopPass(start: start, seconds: 0, report: report, failure: nil, status: outcome.status)
        for app in report.apps {
            switch app.outcome {
            case .proven:
                written.insert(app.app)
                proven.insert(app.app)
            case .drifted: drifted.insert(app.app)
            default: break
            }
        }
        written.formUnion(outcome.corrected)
        proven.formUnion(outcome.corrected)
        end =
            switch outcome.status {
            // The branch is to go back, and could not be pushed to.
            case .refused where report.isRevertDue, .rolledBack where report.isRevertDue: .failed(retryAfter: nil)
            case .changesPending where report.isRevertDue: .waiting(look: min(report.look(now, poll) ?? poll, poll))
            case .changesPending: .waiting(look: report.look(now, poll))
            // What was put right meanwhile has failed by itself, and is left.
            case .rolledBack where report.waitingFor != nil && report.isQuarantined,
                .rolloutFailed where report.waitingFor != nil && report.isQuarantined:
                .waiting(look: report.look(now, poll))
            case .done: report.preemptedBy == nil ? .done : .preempted
            case .refused, .missing: .refused
            case .rolledBack where report.isQuarantined, .rolloutFailed where report.isQuarantined: .refused
            default: .failed(retryAfter: nil)
            }
        switch (end, outcome.status) {
        case (.done, _), (.waiting, .changesPending): left = Left(plan: outcome.plan)
        case (.refused, .refused), (.refused, .missing):
            left = Left(refused: outcome.plan.problems.map(\.app))
        default: left = nil  // what is running then is not what the plan said
        }
    }

    /// What failed is back, but for the branch, which could not be pushed to.
    var isRevertDue: Bool { summary.status != .changesPending && summary.report?.isRevertDue ?? false }

    struct Left: Sendable {
        /// Of what it has deployed, or kept.
        var plan: Plan?
        /// What could not be planned, of a commit that was refused.
        var refused: [App] = []
    }

    /// Takes in what came of keeping the last deployment.
    mutating func kept(_ outcome: Sync.Outcome) {
        left = Left(plan: outcome.plan, refused: left?.refused ?? [])
        written.formUnion(outcome.corrected)
        proven.formUnion(outcome.corrected)
        drifted.formUnion(outcome.report.apps.filter { $0.outcome == .drifted }.map(\.app))
    }

    init(_ start: LoopPass.Start, _ error: any Error) {
        let failure = AppReport.Failure(ending: error)
        let status: ExitStatus?
        switch error {
        case let error as GitError:
            // A commit that the server no longer gives has a successor, which the poller is about to see.
            end = error.category == .refused ? .refused : .failed(retryAfter: error.retryAfter)
            status = ExitStatus(rawValue: error.category.exitCode) ?? .internalError
        case is Refused:
            end = .refused
            status = .refused
        case let error as KubernetesError:
            end = .failed(retryAfter: error.retryAfter)
            status = ExitStatus(error)
        case is CancellationError:
            end = .failed(retryAfter: nil)
            status = nil
        default:
            end = .failed(retryAfter: nil)
            status = .internalError
        }
        summary = LoopPass(start: start, seconds: 0, report: nil, failure: failure, status: status)
    }
}

extension SyncReport {
    /// A commit that takes failed versions back in git could not be made, or not be pushed; another try may help.
    fileprivate var isRevertDue: Bool { revert?.outcome == .failed }

    /// How long to wait until another look is worth it; nil where that is not known.
    fileprivate func look(_ now: Date, _ poll: Duration) -> Duration? {
        if waitingFor?.contains(where: { $0.code == .approvals }) ?? false { return poll }
        return waitingFor?.compactMap(\.until).max().map { .seconds($0.timeIntervalSince(now)) }
    }

    /// The versions themselves have failed, so that the same descriptor would only fail again: the history refuses it from now on
    /// (``Deployment/quarantined(_:descriptor:)``).
    fileprivate var isQuarantined: Bool {
        if ["verify-failed", "verify-timed-out"].contains(verification?.failure?.code) { return true }
        return apps.contains { app in
            RolloutFailure.Code(rawValue: app.failure?.code ?? "")?.speaksAgainstVersion == true
        }
    }
}

extension AppReport.Failure {
    /// Of an error that ended a pass before it could report.
    init(ending error: any Error) {
        switch error {
        case let error as GitError: self.init(code: error.code, message: error.message, hint: error.hint)
        case let error as KubernetesError: self.init(error)
        case let error as LeaseDenied: self.init(code: error.code, message: error.description, hint: error.hint)
        case let refused as Refused:
            let errors = refused.diagnostics.filter { $0.severity == .error }
            let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
            self.init(
                code: errors.first?.code ?? "refused", message: (errors.first?.oneLine ?? "refused") + more,
                hint: errors.first?.hint)
        case is CancellationError: self.init(code: "interrupted", message: "ended before it was done")
        default: self.init(code: "internal", message: String(describing: type(of: error)))
        }
    }
}
