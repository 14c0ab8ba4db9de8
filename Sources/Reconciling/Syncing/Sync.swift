import Descriptors
import FoundationEssentials
import Git
import Kubernetes
import Logging
import Planning
import Reporting
import Rollouts
import Workloads

/// One pass over one environment: what its branch says is planned, written and proven.
///
/// `run` reads like the flow in docs/design.md: ref, commit, bytes, descriptor, plan, patches, verdicts, report.
public struct Sync: Sendable {
    /// How far a pass goes.
    public enum Extent: Sendable, Equatable {
        /// Only says what would change.
        case plan
        /// Also asks the API server whether it would take every patch (`dryRun=All`).
        case validate
        /// Writes the patches and does not wait for the rollouts.
        case patch
        /// Writes the patches and stays until every rollout is proven or failed.
        case prove
    }

    /// What a pass leaves behind: the report, the exit code, and for `plan --diff` the plan itself.
    public struct Outcome: Sendable {
        public var report: SyncReport
        public var status: ExitStatus
        public var plan: Plan
        /// While changes wait: the apps that somebody else had changed and that were put right.
        public var corrected: Set<String> = []
    }

    let environment: Environment
    let repository: GitRepository
    let cluster: KubernetesClient
    let command: SyncReport.Command
    let extent: Extent
    let acceptsRewrite: Bool
    let retries: Bool
    let runner: Deployment.Runner
    let tips: TipSource
    let leavesAlone: Set<String>
    let overriding: String?
    let clock: any Clock<Duration>
    let now: @Sendable () -> Date
    let progress: @Sendable (ProgressEvent) -> Void

    /// - Parameters:
    ///   - acceptsRewrite: go on where the branch was force-pushed.
    ///   - retries: try again what failed with this descriptor before.
    ///   - runner: for the history.
    ///   - tips: where the branch points, and whether it moves on while rollouts are waited for: a newer commit that can be
    ///     deployed ends the pass at once, as `preempted`. Nil: the git server is asked once, and the pass waits to their end.
    ///   - leavesAlone: the apps whose drift is only told, whatever the environment's setting.
    ///   - overriding: why a person deploys outside of the environment's windows; nil keeps to them.
    ///   - clock: for the pauses between two questions: for health, for a check's end, for a newer commit. What a rollout and
    ///     a canary take is real time.
    ///   - now: the calendar's time, by which windows are open and approvals count.
    public init(
        environment: Environment, repository: GitRepository, cluster: KubernetesClient, command: SyncReport.Command,
        extent: Extent, acceptsRewrite: Bool = false, retries: Bool = false, runner: Deployment.Runner = .init(),
        tips: TipSource? = nil, leavesAlone: Set<String> = [], overriding: String? = nil,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() },
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) {
        self.environment = environment
        self.repository = repository
        self.cluster = cluster
        self.command = command
        self.extent = extent
        self.acceptsRewrite = acceptsRewrite
        self.retries = retries
        self.runner = runner
        self.tips = tips ?? .asking(repository, environment.branch)
        self.leavesAlone = leavesAlone
        self.overriding = overriding
        self.clock = clock
        self.now = now
        self.progress = progress
    }

    /// Runs one pass after the other for as long as newer commits pre-empt them.
    ///
    /// - Parameter preempted: is given what became of each but the last.
    /// - Throws: as ``run()``.
    public func runToEnd(preempted: @Sendable (Outcome) -> Void) async throws -> Outcome {
        while true {
            let outcome = try await run()
            guard outcome.report.preemptedBy != nil else { return outcome }
            preempted(outcome)
        }
    }

    /// - Throws: `Refused`, `GitError` and `KubernetesError` for what ends the pass before anything is written. Once
    ///   something is written, whatever fails is in the report.
    public func run() async throws -> Outcome {
        var record = SyncRecord(environment, command, repository: repository.remote.description)
        let source = DescriptorSource(environment: environment, repository: repository)
        let tip = try await tip(source)
        let version = try await source.read(tip)
        let (commit, descriptor) = (version.commit, version.descriptor)
        record.begin(commit)
        progress(.commit(commit, environment: environment.name, branch: environment.branch.description))
        if let rewrite = tip.rewriteNote { note(rewrite, &record) }

        let reader = WorkloadReader(cluster: cluster, namespace: environment.namespace)
        let observed = try await reader.read(descriptor.apps.flatMap(\.observedKeys))
        for text in observed.notes { note(text, &record) }
        var plan = plan(descriptor.apps, commit.id, observed.workloads)
        record.planned(plan, leftAlone: isLeftAlone)
        guard plan.isExecutable else {
            let status = record.refuse(plan)
            return Outcome(report: record.report, status: status, plan: plan)
        }
        let (holds, override) = try await holds(plan, version, &record)
        let events = EventRecorder(cluster: cluster, environment: environment)
        var stage = Stage(
            version: version, source: source, lists: observed.lists, unlistable: observed.unlistable, events: events)
        guard !isReadOnly else { return try await carryOut(plan, stage, &record) }
        guard holds.isEmpty else { return try await keep(plan, observed.workloads, tip, stage, &record) }
        let canaries = plan.changed.filter { $0.canary != nil }
        if extent == .patch, !canaries.isEmpty {
            let status = record.refuseUnwatched(canaries)
            return Outcome(report: record.report, status: status, plan: plan)
        }
        var journal = Journal(
            cluster: cluster, environment: environment, runner: runner, descriptor: version.digest,
            proves: extent == .prove, override: override)
        let quarantine = try await journal.begin(
            &plan, commit, retries: retries, accepting: accepted(tip, commit), isNews: tip.isRewrite,
            { note($0, &record) })
        for commit in journal.superseded { progress(.superseded(commit)) }
        if let quarantine {
            let status = record.refuse(quarantine)
            var outcome = Outcome(report: record.report, status: status, plan: plan)
            await revert(quarantine, journal.history, version, &outcome)
            return outcome
        }
        if override != nil, !journal.isRecording { throw unrecorded }
        try await repository.accept(tip)
        stage.interrupted = journal.interrupted
        stage.abandoned = journal.abandoned
        return try await carryOut(plan, stage, journal, &record)
    }

    /// Carries out what the journal has recorded, and records how it ended.
    func carryOut(
        _ plan: Plan, _ stage: Stage, _ journal: Journal, _ record: inout SyncRecord
    ) async throws -> Outcome {
        let events = stage.events
        var outcome: Outcome
        do {
            outcome = try await carryOut(plan, stage, &record)
            let end = await journal.end(outcome.report)
            tell([end.trouble, await events.flush(within: .seconds(3), whileBusy: true)], &outcome)
            if !stage.keeps { await revert(end, &outcome) }
        } catch {
            // Whoever interrupts a process waits for a few seconds only.
            async let flush = events.flush(within: .seconds(1))
            if error is CancellationError { await journal.interrupt() }
            _ = await flush
            throw error
        }
        if environment.notes, !stage.keeps {
            tell([await DeploymentNote(repository: repository, runner: runner).add(outcome.report)], &outcome)
        }
        return outcome
    }

    private func tell(_ troubles: [String?], _ outcome: inout Outcome) {
        for trouble in troubles.compactMap({ $0 }) {
            outcome.report.notes.append(trouble)
            progress(.note(trouble))
        }
    }

    func tip(_ source: DescriptorSource) async throws -> BranchTip {
        let commit = try await tips.current()
        if isReadOnly { return try await source.tip(commit, acceptsRewrite: true) }
        let history = HistoryStore(cluster: cluster, environment: environment)
        return try await source.tip(commit, acceptsRewrite: acceptsRewrite, history: history)
    }

    func accepted(_ tip: BranchTip, _ commit: SyncReport.Commit) -> AcceptedCommit {
        AcceptedCommit(
            repository: repository.remote.description, branch: tip.branch.description,
            commit: tip.commit.description, time: Int64(commit.time.timeIntervalSince1970))
    }

    /// What a pass knows before it carries its plan out.
    struct Stage {
        let version: DescriptorSource.Version
        let source: DescriptorSource
        /// What was observed, as the API server has listed it.
        let lists: [WorkloadKind: ResourceList<Workload>]
        let unlistable: Set<WorkloadKind>
        let events: EventRecorder
        /// What a pass that did not come to its end had set out to change.
        var interrupted = EarlierApps()
        /// Those of it that the descriptor no longer names, and that have to go back.
        var abandoned: [PlannedApp] = []
        /// Only what somebody else has changed is put right: a newer commit is no reason to end that.
        var keeps = false
    }

    func carryOut(_ plan: Plan, _ stage: Stage, _ record: inout SyncRecord) async throws -> Outcome {
        let apps = plan.waves.joined().filter { !isLeftAlone($0) }
        if extent != .plan, !(apps.isEmpty && stage.abandoned.isEmpty) {
            progress(.planned((apps + stage.abandoned).map { AppProgress($0, .waiting) }))
            try await carryOut(plan, apps, stage, &record)
        }
        let status = record.finish()
        return Outcome(report: record.report, status: status, plan: plan)
    }

    func carryOut(
        _ plan: Plan, _ apps: [PlannedApp], _ stage: Stage, _ record: inout SyncRecord
    ) async throws {
        let replan: @Sendable (PlannedApp, Workload?) -> Plan = { app, workload in
            self.plan([app.app], plan.commit, workload.map { [app.key: $0] } ?? [:])
        }
        let commit = stage.version.commit
        guard extent == .prove else {
            let writer = WorkloadWriter(
                cluster: cluster, namespace: environment.namespace, isDryRun: extent == .validate, replan: replan)
            return try await PatchRun(writer: writer, events: stage.events, commit: commit, progress: progress)
                .run(apps, &record)
        }
        record = try await RolloutPass.run(
            plan, rollingOut: apps,
            .init(
                environment: environment, cluster: cluster, commit: commit, lists: stage.lists,
                unlistable: stage.unlistable,
                interrupted: stage.interrupted, abandoned: stage.abandoned, events: stage.events, replan: replan,
                newerCommit: newerCommit(stage),
                clock: clock, progress: progress), record)
    }

    func newerCommit(_ stage: Stage) -> (@Sendable () async throws -> SyncReport.Commit)? {
        guard let next = tips.next, !stage.keeps else { return nil }
        let (progress, guards) = (progress, guards)
        let newer = NewerCommit(
            source: stage.source, next: next, acceptsRewrite: acceptsRewrite, current: stage.version,
            holds: { try await guards.holds($0) }, clock: clock, note: { progress(.note($0)) })
        return { try await newer.wait() }
    }

    var guards: ChangeGuards { ChangeGuards(environment: environment, repository: repository, now: now) }

    /// With `drift: report` what somebody else changed is only told, and a new version still deployed.
    func isLeftAlone(_ planned: PlannedApp) -> Bool {
        (environment.drift == .report || leavesAlone.contains(planned.app.name)) && planned.isOnlyDrift
    }

    var isReadOnly: Bool { extent == .plan || extent == .validate }

    func note(_ text: String, _ record: inout SyncRecord) {
        record.note(text)
        progress(.note(text))
    }

    func plan(
        _ apps: [App], _ commit: String, _ observed: [WorkloadKey: Workload], keeps: Bool = false
    ) -> Plan {
        // An earlier pass may have patched it and been stopped, or have failed. What is not settled is waited for, so that a pass
        // which finds nothing to change still proves what it says.
        let unsettled = extent == .prove && !keeps ? observed.filter { !$0.value.isSettled } : [:]
        return Plan(
            apps: apps, commit: commit, rules: PlanningRules(environment), observed: observed,
            unsettled: Set(unsettled.keys))
    }
}
