import FoundationEssentials
import Git
import Kubernetes
import Reporting

/// Brings a due revert to the branch, as one commit, and into the history.
///
/// The history has it before the push, so that a process that is killed in between still counts it, and so that whoever has lost the
/// environment's lease does not get to push.
struct GitRevert: Sendable {
    let environment: Environment
    let repository: GitRepository
    let store: HistoryStore
    let runner: Deployment.Runner
    /// The calendar's time.
    let now: @Sendable () -> Date

    /// For how long lost races and passing faults are tried again: a pass waits for it.
    private static let timeout = Duration.seconds(30)

    /// - Returns: what became of it. It fails nothing: the cluster is as it is.
    func run(_ due: DueRevert, _ history: DeploymentHistory) async -> RevertReport {
        let stopped = due.apps.compactMap { history.hasStopped(revertsOf: $0.name, $0.workload, environment.revert) }
        let due = due.without(Set(stopped.map(\.app)))
        if due.apps.isEmpty { return RevertReport(.stopped, stopped: stopped) }
        var report: RevertReport
        do {
            report = try await run(due, in: history)
        } catch {
            report = RevertReport(.failed, failure: AppReport.Failure(ending: error))
        }
        report.stopped = stopped
        return report
    }

    private func run(_ due: DueRevert, in history: DeploymentHistory) async throws -> RevertReport {
        let change = try await change(due)
        var deployment = history.deployments.first { $0.number == due.deployment.number } ?? due.deployment
        // What a killed process had set out to do is done now.
        let former = (deployment.reverts ?? []).filter { $0.commit != nil || $0.reverts != due.commit }
        let intent = Deployment.Revert(reverts: due.commit, at: now(), apps: due.apps.map(\.name))
        deployment.reverts = former + [intent]
        guard let entry = try await store.record(deployment, in: history) else { throw unrecorded }
        deployment = entry.deployment
        do {
            let made = try await change.run(RevertChoice(due: due, registry: environment.registry))
            return try await end(made, intent, former, entry)
        } catch let error as GitError where error.code == "push-unanswered" {
            throw error  // the branch may have it
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try await settle(former, entry)
            throw error
        }
    }

    private func end(
        _ made: ChangeReport, _ intent: Deployment.Revert, _ former: [Deployment.Revert], _ entry: HistoryStore.Entry
    ) async throws -> RevertReport {
        let apps = made.apps.map { RevertReport.App(app: $0.app, from: $0.from, to: $0.to) }
        let isCommitted = made.outcome == .committed
        var report = RevertReport(
            isCommitted ? .committed : .unchanged, commit: made.commit, apps: apps, notes: made.notes)
        var revert = intent
        revert.commit = made.commit?.id
        revert.apps = apps.map(\.app)
        do {
            try await settle(former + (isCommitted ? [revert] : []), entry)
        } catch {
            report.notes.append(
                "the revert's commit is not in the history: \(AppReport.Failure(ending: error).message)")
        }
        return report
    }

    private func settle(_ reverts: [Deployment.Revert], _ entry: HistoryStore.Entry) async throws {
        var deployment = entry.deployment
        deployment.reverts = reverts.isEmpty ? nil : reverts
        _ = try await store.record(deployment, in: entry.history)
    }

    private func change(_ due: DueRevert) async throws -> VersionChange {
        let person =
            try environment.revert.author
            ?? CommitIdentity(name: "Descry", email: "descry@\(runner.host ?? "localhost")", time: 0)
        let origin = ChangeOrigin.variables([:], build: runner.build)
        var commit = VersionChange.Commit(
            authorship: CommitAuthorship(person), origin: try ChangeOrigin(build: origin.build, sourceCommit: nil),
            sign: try await RevertSigner(environment: environment, now: now).open())
        let (environment, repository) = (environment, repository)
        let failed = try CommitID(due.commit)
        commit.inspects = { tip in
            // Who signs a commit answers for those below it. A newer one that nobody has signed gets no signature by this way.
            try await environment.signatures.verify(
                BranchTip(branch: environment.branch, commit: tip, previous: failed, isRewrite: false), in: repository)
        }
        return VersionChange(
            location: environment.descriptorLocation, repository: repository, commit: commit, timeout: Self.timeout)
    }

    var unrecorded: KubernetesError {
        KubernetesError(
            code: "revert-unrecorded", category: .denied,
            message:
                "reverts are counted in the history, and that of \(environment.name) does not have the end of this deployment",
            hint: "Where the token may not keep the history, `descry rbac \(environment.name)` prints the rule")
    }
}
