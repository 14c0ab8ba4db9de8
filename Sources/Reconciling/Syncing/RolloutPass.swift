import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// What the work that a pass runs beside its watch comes back with.
enum PassWork: Sendable {
    case patched(app: String, WorkloadWriter.Result)
    /// The patch that takes the app back was written.
    case restored(app: String, Result<Workload, AppReport.Failure>)
    /// The update strategy is again what it was before, once all pods were back.
    case strategyRestored(app: String, AppReport.Failure?)
    /// The branch has a newer commit that can be deployed.
    case preempted(SyncReport.Commit)
}

/// Carries out a plan and stays with it to the end: each app is patched as soon as all that it comes after is proven, and
/// goes back as soon as one fails, where the policy says so.
///
/// One loop owns all state and never waits for a single answer: requests run beside it and come back as events.
struct RolloutPass {
    let environment: Environment
    let cluster: KubernetesClient
    /// Plans one app again from what is there now.
    let replan: @Sendable (PlannedApp, Workload?) -> Plan
    let progress: @Sendable (ProgressEvent) -> Void
    /// Returns as soon as the branch has a newer commit to go on with.
    let newerCommit: (@Sendable () async throws -> SyncReport.Commit)?

    var watch: RolloutWatch
    var record: SyncRecord
    var schedule: RolloutSchedule
    var courses: [String: Course]
    private var names: [WorkloadKey: String]

    private enum Write: Sendable {
        case patch(String)
        case restore(String)
        case restoreStrategy(String)
    }
    private var writes: ArraySlice<Write> = []
    private var writesInFlight = 0
    /// Why the namespace cannot be observed any more.
    private var lost: KubernetesError?
    private var preemption: SyncReport.Commit?

    struct Settings: Sendable {
        let environment: Environment
        let cluster: KubernetesClient
        /// The kinds that the token may not list: their workloads are read by name.
        let unlistable: Set<WorkloadKind>
        /// What a pass that did not come to its end had set out to change: a failure takes that back too.
        let interrupted: [Deployment.App]
        let replan: @Sendable (PlannedApp, Workload?) -> Plan
        let newerCommit: (@Sendable () async throws -> SyncReport.Commit)?
        let progress: @Sendable (ProgressEvent) -> Void
    }

    /// - Parameter apps: of the plan, those to roll out.
    /// - Returns: the record with everything that came of it.
    /// - Throws: `CancellationError`.
    static func run(_ plan: Plan, rollingOut apps: [PlannedApp], _ settings: Settings, _ record: SyncRecord)
        async throws
        -> SyncRecord
    {
        let progress = settings.progress
        let replacer = StuckPodReplacer(
            cluster: settings.cluster, environment: settings.environment.name,
            namespace: settings.environment.namespace)
        return try await RolloutWatch.run(
            replacer, kinds: Set(apps.map(\.key.kind)), unlistable: settings.unlistable, clock: ContinuousClock(),
            note: { progress(.note($0)) }
        ) { watch in
            var pass = RolloutPass(plan, apps, settings, watch, record)
            try await pass.run()
            return pass.record
        }
    }

    private init(
        _ plan: Plan, _ apps: [PlannedApp], _ settings: Settings, _ watch: RolloutWatch, _ record: SyncRecord
    ) {
        environment = settings.environment
        cluster = settings.cluster
        replan = settings.replan
        progress = settings.progress
        newerCommit = settings.newerCommit
        self.watch = watch
        self.record = record
        let all = apps.map { Course($0, interrupted: settings.interrupted) }
        courses = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        names = Dictionary(all.map { ($0.planned.key, $0.name) }, uniquingKeysWith: { first, _ in first })
        schedule = RolloutSchedule(
            plan.apps.map(\.app), rolledOut: Set(courses.keys), onFailure: environment.rollout.onFailure)
        self.watch.follow(names.keys)
        for course in all where course.isResumed {
            self.record.resumed(course.planned)
            schedule.resumed(course.name)
        }
    }

    private mutating func run() async throws {
        if let newerCommit { watch.start { .preempted(try await newerCommit()) } }
        advance()
        while !isFinished {
            switch try await watch.next() {
            case .observed(let verdicts): tell(verdicts)
            case .finished(let work): take(work)
            case .lost(let error): lose(error)
            }
            advance()
        }
        record.finishNotStarted()
        if let preemption { record.preempted(by: preemption) }
        record.replaced(watch.replaced)
        for note in watch.notes { record.note(note) }
    }

    /// A pass that gives way to a newer commit leaves no request behind of which nobody knows what became.
    private var isFinished: Bool { preemption == nil ? schedule.isFinished : writesInFlight == 0 }

    /// Starts whatever may start now.
    private mutating func advance() {
        guard preemption == nil else { return }
        for name in schedule.takeReady() { start(name) }
        for name in schedule.takeReturnable() {
            courses[name]?.startedAt = .now
            writes.append(.restore(name))
        }
        while writesInFlight < WorkloadWriter.patchesInFlight, let write = writes.popFirst() { send(write) }
    }

    private mutating func send(_ write: Write) {
        let writer = WorkloadWriter(
            cluster: cluster, namespace: environment.namespace, isDryRun: false, replan: replan)
        let restorer = WorkloadRestorer(cluster: cluster, namespace: environment.namespace)
        switch write {
        case .patch(let name):
            guard let course = courses[name] else { return }
            watch.start { .patched(app: name, try await writer.write(course.planned)) }
        case .restore(let name):
            guard let course = courses[name] else { return }
            watch.start {
                .restored(app: name, try await restorer.restore(course, from: course.workload, strategy: nil))
            }
        case .restoreStrategy(let name):
            guard let course = courses[name], let strategy = course.strategyBefore else { return }
            watch.start {
                switch try await restorer.restore(course, from: nil, strategy: strategy) {
                case .success: .strategyRestored(app: name, nil)
                case .failure(let failure): .strategyRestored(app: name, failure)
                }
            }
        }
        writesInFlight += 1
    }

    private mutating func take(_ work: PassWork) {
        switch work {
        case .patched(let name, let result):
            writesInFlight -= 1
            patched(name, result)
        case .restored(let name, let result):
            writesInFlight -= 1
            restored(name, result)
        case .strategyRestored(let name, let failure):
            writesInFlight -= 1
            finishReturn(name, failure.map { .failed($0) } ?? .proven)
        case .preempted(let commit):
            preemption = commit
            progress(.note("commit \(commit.shortID) is newer: no longer waiting for this one"))
        }
    }

    private mutating func tell(_ verdicts: [WorkloadKey: Verdict]) {
        for (key, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
            guard let name = names[key] else { continue }
            switch schedule.phase(of: name) {
            case .forward: judged(name, verdict)
            case .returning: judgedReturn(name, verdict)
            default: continue  // given up: it is about to go back
            }
        }
    }

    /// Nothing can be proven any more; what is written may still be taken back.
    private mutating func lose(_ error: KubernetesError) {
        guard lost == nil else { return }
        lost = error
        for name in schedule.names(.forward) where courses[name]?.target != nil {
            fail(name, AppReport.Failure(error), ExitStatus(error))
        }
        for name in schedule.names(.returning) where courses[name]?.target != nil {
            finishReturn(name, .failed(AppReport.Failure(error)))
        }
    }

    // MARK: Forward

    private mutating func start(_ name: String) {
        guard let course = courses[name] else { return }
        courses[name]?.startedAt = .now
        if course.planned.isChanged {
            writes.append(.patch(name))
        } else {
            begin(name)
        }
    }

    private mutating func patched(_ name: String, _ result: WorkloadWriter.Result) {
        switch result {
        case .written(let planned, let workload, let rivals):
            courses[name]?.planned = planned
            courses[name]?.workload = workload
            record.written(planned, rivals: rivals, extent: .prove)
            schedule.written(name)
            begin(name)
        case .unneeded(let workload):
            courses[name]?.workload = workload
            begin(name)
        case .failed(let failure, let status):
            fail(name, failure, status)
        case .uncertain(let failure, let status):
            if let planned = courses[name]?.planned { record.written(planned, rivals: [], extent: .prove) }
            schedule.written(name)
            fail(name, failure, status)
        }
    }

    /// Waits for the rollout of what the workload holds now.
    private mutating func begin(_ name: String) {
        guard let course = courses[name] else { return }
        if course.isResumed { schedule.written(name) }
        guard schedule.phase(of: name) == .forward else { return }  // it has to go back at once
        if let lost { return fail(name, AppReport.Failure(lost), ExitStatus(lost)) }
        let target = RolloutTarget(course.planned, workload: course.workload, environment: environment)
        courses[name]?.target = target
        tell(watch.begin(target, course.workload))
    }

    private mutating func judged(_ name: String, _ verdict: Verdict) {
        guard let course = courses[name], let target = course.target else { return }
        let pods = AppReport.Pods(verdict.progress)
        switch verdict {
        case .progressing(let rollout):
            progress(.app(course.step(.rolling(rollout.reason), pods: pods)))
        case .proven:
            record.judged(course.planned, verdict, running: [], seconds: course.seconds)
            progress(.app(course.step(.proven(seconds: course.seconds), pods: pods)))
            schedule.proven(name)
        case .failed(let failure):
            record.judged(course.planned, verdict, running: watch.running(target), seconds: course.seconds)
            progress(.app(course.step(.failed(AppReport.Failure(failure)), pods: pods)))
            failed(name)
        }
    }

    /// - Parameter status: the exit code where this pass writes nothing at all.
    private mutating func fail(_ name: String, _ failure: AppReport.Failure, _ status: ExitStatus) {
        record.failed(name, failure, status)
        if let course = courses[name] { progress(.app(course.step(.failed(failure)))) }
        failed(name)
    }

    private mutating func failed(_ name: String) {
        let wasReturning = schedule.isReturning
        schedule.failed(name)
        // What goes back is no longer judged by where it was to go.
        for name in schedule.names(.toReturn) {
            guard let target = courses[name]?.target else { continue }
            courses[name]?.target = nil
            watch.abandon(target.key)
        }
        guard schedule.isReturning, !wasReturning else { return }
        for case .patch(let unsent) in writes { schedule.withdrawn(unsent) }
        writes.removeAll { if case .patch = $0 { true } else { false } }
        let count = courses.count { record.isWritten($0.key) }
        if count > 0 { progress(.note("rolling back \(count) app\(count == 1 ? "" : "s"), the last ones first")) }
    }

    // MARK: Back

    private mutating func restored(_ name: String, _ result: Result<Workload, AppReport.Failure>) {
        switch result {
        case .failure(let failure): finishReturn(name, .failed(failure))
        case .success(let workload):
            courses[name]?.workload = workload
            guard let course = courses[name] else { return }
            if let lost { return finishReturn(name, .failed(AppReport.Failure(lost))) }
            let target = course.targetBefore(environment, workload)
            courses[name]?.target = target
            tell(watch.begin(target, workload))
        }
    }

    private mutating func judgedReturn(_ name: String, _ verdict: Verdict) {
        guard let course = courses[name] else { return }
        switch verdict {
        case .progressing(let rollout):
            progress(
                .app(course.stepBack(.rollingBack(rollout.reason), pods: AppReport.Pods(verdict.progress))))
        case .proven:
            if course.strategyBefore == nil {
                finishReturn(name, .proven, AppReport.Pods(verdict.progress))
            } else {
                writes.append(.restoreStrategy(name))
            }
        case .failed(let failure):
            finishReturn(name, .failed(AppReport.Failure(failure)), AppReport.Pods(verdict.progress))
        }
    }

    private mutating func finishReturn(
        _ name: String, _ outcome: AppReport.Rollback.Outcome, _ pods: AppReport.Pods? = nil
    ) {
        guard let course = courses[name] else { return }
        record.rolledBack(course.planned, to: course.versionBefore, outcome, seconds: course.seconds)
        switch outcome {
        case .proven: progress(.app(course.stepBack(.rolledBack(seconds: course.seconds), pods: pods)))
        case .failed(let failure): progress(.app(course.stepBack(.failed(failure), pods: pods)))
        }
        schedule.returned(name)
    }
}
