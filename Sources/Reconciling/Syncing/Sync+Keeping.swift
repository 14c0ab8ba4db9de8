import Descriptors
import FoundationEssentials
import Git
import Kubernetes
import Planning
import Reporting
import Workloads

// What a pass does while the branch's own commit is not to be deployed: its changes wait for a window or for approvals, or it was
// refused.

extension Sync {
    /// Why the plan's changes wait, and what a person has put aside so that they don't. What somebody else has changed is put right
    /// at any time, and what has begun inside of a window is brought to its end.
    func holds(
        _ plan: Plan, _ version: DescriptorSource.Version, _ record: inout SyncRecord
    ) async throws -> (holds: [Hold], override: Deployment.Override?) {
        let changes = plan.changed.filter { !$0.isRestoration && !isLeftAlone($0) }
        guard !changes.isEmpty else { return ([], nil) }
        var holds = try await guards.holds(version)
        var override: Deployment.Override?
        if let overriding, holds.contains(where: { $0.code == .window }) {
            holds.removeAll { $0.code == .window }
            override = Deployment.Override(guards: [.window], reason: overriding)
        }
        if !isReadOnly, !holds.isEmpty, holds.allSatisfy({ $0.code == .window }),
            try await HistoryStore(cluster: cluster, environment: environment).read(.asNeeded)?.isUnderWay(
                version.digest)
                ?? false
        {
            note("outside of the windows, and going on all the same: this deployment has begun inside", &record)
            return ([], nil)
        }
        if !holds.isEmpty { record.wait(for: holds, changes) }
        return (holds, override)
    }

    /// Puts right what somebody else has changed since the last deployment, and leaves all else as it is.
    func keep(
        _ plan: Plan, _ observed: [WorkloadKey: Workload], _ tip: BranchTip, _ stage: Stage, _ record: inout SyncRecord
    ) async throws -> Outcome {
        var outcome = try await keep(observed, tip, stage, &record)
        await revertHeld(plan, stage.version, &outcome)
        return outcome
    }

    private func keep(
        _ observed: [WorkloadKey: Workload], _ tip: BranchTip, _ stage: Stage, _ record: inout SyncRecord
    ) async throws -> Outcome {
        if tip.isRewrite { try await acceptRewrite(tip, stage.version.commit) }
        let waiting = record.report.apps
        guard let last = try await lastDeployed(stage) else {
            note("what runs is left as it is: the history has no deployment that it could be compared with", &record)
            let status = record.finish()
            return Outcome(report: record.report, status: status, plan: plan([], "", [:]))
        }
        let named = Set(stage.version.descriptor.apps.map(\.key))
        let apps = last.version.descriptor.apps.filter { named.contains($0.key) }
        var outcome = try await keep(apps, of: last, observed, stage, &record)
        outcome.restoreWaiting(waiting)
        return outcome
    }

    /// Puts right what somebody else has changed since the last deployment, where the branch's commit was refused, or has failed and
    /// was taken back.
    ///
    /// - Returns: nil where the history has no deployment that could be compared with.
    /// - Throws: as ``run()``.
    func keepLastDeployed() async throws -> Outcome? {
        guard extent == .prove,
            let history = try await HistoryStore(cluster: cluster, environment: environment).read(.asNeeded)
        else { return nil }
        let source = DescriptorSource(environment: environment, repository: repository)
        guard let deployment = history.lastDeployed, let version = try await source.read(deployment) else { return nil }
        var record = SyncRecord(environment, command, repository: repository.remote.description)
        record.begin(version.commit)
        let apps = version.descriptor.apps
        let reader = WorkloadReader(cluster: cluster, namespace: environment.namespace)
        let observed = try await reader.read(apps.flatMap(\.observedKeys))
        let present = plan(apps, version.commit.id, observed.workloads, keeps: true).apps
        record.planned(
            plan(present.map(\.app), version.commit.id, observed.workloads, keeps: true), leftAlone: isLeftAlone)
        let stage = Stage(
            version: version, source: source, lists: observed.lists, unlistable: observed.unlistable,
            events: EventRecorder(cluster: cluster, environment: environment), keeps: true)
        var outcome = try await keep(
            apps, of: LastDeployed(version: version, isRecorded: true), observed.workloads, stage, &record)
        outcome.corrected.formUnion(outcome.report.apps.filter { $0.outcome == .proven }.map(\.app))
        return outcome
    }

    private func keep(
        _ apps: [App], of last: LastDeployed, _ observed: [WorkloadKey: Workload], _ stage: Stage,
        _ record: inout SyncRecord
    ) async throws -> Outcome {
        let commit = last.version.commit
        let kept = plan(apps, commit.id, observed, keeps: true).apps.filter { app in
            !app.isChanged || app.isRestoration && (extent == .prove || app.canary == nil)
        }
        var plan = plan(kept.map(\.app), commit.id, observed, keeps: true)
        record.keep(plan.changed, leftAlone: isLeftAlone)
        var stage = Stage(
            version: last.version, source: stage.source, lists: stage.lists, unlistable: stage.unlistable,
            events: stage.events, keeps: true
        )
        if last.isRecorded {
            var journal = Journal(
                cluster: cluster, environment: environment, runner: runner, descriptor: last.version.digest,
                proves: extent == .prove, corrects: true)
            let quarantine = try await journal.begin(
                &plan, commit, retries: retries, accepting: nil, isNews: false, { note($0, &record) })
            if let quarantine {
                note(
                    "what somebody else has changed is left: \(quarantine.entries.map(\.app.app).joined(separator: ", ")) failed",
                    &record)
                let status = record.finish()
                return Outcome(report: record.report, status: status, plan: plan)
            }
            stage.interrupted = journal.interrupted
            return try await carryOut(plan, stage, journal, &record)
        }
        return try await carryOut(plan, stage, &record)
    }

    /// What to keep while changes wait. Where the token may keep no history, the descriptor itself has to do, with the apps whose
    /// version it has not changed.
    private func lastDeployed(_ stage: Stage) async throws -> LastDeployed? {
        guard let history = try await HistoryStore(cluster: cluster, environment: environment).read(.asNeeded) else {
            return LastDeployed(version: stage.version, isRecorded: false)
        }
        guard let deployment = history.lastDeployed, let version = try await stage.source.read(deployment) else {
            return nil
        }
        return LastDeployed(version: version, isRecorded: true)
    }

    /// What a person has accepted stays accepted, whenever it is deployed.
    private func acceptRewrite(_ tip: BranchTip, _ commit: SyncReport.Commit) async throws {
        let store = HistoryStore(cluster: cluster, environment: environment)
        if let history = try await store.read(.asNeeded) {
            _ = try await store.accept(accepted(tip, commit), in: history)
        }
        try await repository.accept(tip)
    }

    var unrecorded: KubernetesError {
        KubernetesError(
            code: "override-unrecorded", category: .denied,
            message: "an override has to be in the history, and the token may not keep the history of "
                + "\(environment.name); nothing was changed",
            hint: "`descry rbac \(environment.name)` prints the rule")
    }
}

extension Sync.Outcome {
    /// The apps whose changes wait are told as that, also where something about them was put right meanwhile.
    fileprivate mutating func restoreWaiting(_ apps: [AppReport]) {
        for index in report.apps.indices {
            guard let waiting = apps.first(where: { $0.app == report.apps[index].app }) else { continue }
            let kept = report.apps[index]
            if kept.outcome == .proven || kept.outcome == .patched { corrected.insert(kept.app) }
            guard waiting.outcome == .waiting, kept.failure == nil, kept.outcome != .waiting else { continue }
            report.apps[index] = waiting
            report.apps[index].notes += kept.notes
            if corrected.contains(kept.app) {
                report.apps[index].notes.append(
                    "put right meanwhile, back at \(kept.to): "
                        + kept.changes.map { "\($0.field) was \($0.from ?? "absent")" }.joined(separator: ", "))
            }
        }
    }
}
