import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// What the work that a pass runs beside its watch comes back with.
enum PassWork: Sendable {
    case patched(app: String, WorkloadWriter.Result)
    /// A Deployment for the app's canaries was made.
    case canaryStarted(app: String, Result<(RolloutTarget, Workload), AppReport.Failure>)
    /// It is gone; with why not.
    case canaryRemoved(app: String, AppReport.Failure?)
    /// The app's pods were asked for their health; with why they are not well.
    case asked(app: String, AppReport.Failure?)
    /// The patch that takes the app back was written.
    case restored(app: String, Result<Workload, AppReport.Failure>)
    /// The update strategy is again what it was before, once all pods were back.
    case strategyRestored(app: String, AppReport.Failure?)
    /// The environment as a whole was checked.
    case verified(VerificationReport)
    /// The branch has a newer commit that can be deployed.
    case preempted(SyncReport.Commit)
}

/// Carries out a plan and stays with it to the end: each app is patched as soon as all that it comes after is proven, and
/// goes back as soon as one fails, where the policy says so.
///
/// One loop owns all state and never waits for a single answer: requests run beside it and come back as events.
struct RolloutPass {
    struct Settings: Sendable {
        let environment: Environment
        let cluster: KubernetesClient
        let commit: SyncReport.Commit
        /// What the namespace was seen to have before anything was written: the watches go on from there.
        let lists: [WorkloadKind: ResourceList<Workload>]
        /// The kinds that the token may not list: their workloads are read by name.
        let unlistable: Set<WorkloadKind>
        /// What a pass that did not come to its end had set out to change: a failure takes that back too.
        let interrupted: EarlierApps
        /// Those of it that the descriptor no longer names: they only go back.
        let abandoned: [PlannedApp]
        let events: EventRecorder
        /// Plans one app again from what is there now.
        let replan: @Sendable (PlannedApp, Workload?) -> Plan
        /// Returns as soon as the branch has a newer commit to go on with.
        let newerCommit: (@Sendable () async throws -> SyncReport.Commit)?
        /// For the pauses between two questions.
        let clock: any Clock<Duration>
        let progress: @Sendable (ProgressEvent) -> Void
    }

    /// A request that changes something; so many of them run at once, in the order in which they were asked for.
    enum Write: Sendable {
        case patch(String, isCanary: Bool)
        case startCanary(String, pods: Int)
        case removeCanary(String, WorkloadKey, uid: String)
        case restore(String)
        case restoreStrategy(String)
    }

    let settings: Settings
    var watch: RolloutWatch
    var record: SyncRecord
    var schedule: RolloutSchedule
    var courses: [String: Course]
    var writes: ArraySlice<Write> = []
    /// The apps whose canaries are being watched.
    var holding: Set<String> = []
    /// Why the namespace cannot be observed any more.
    private(set) var lost: KubernetesError?
    private var names: [WorkloadKey: String]
    private var writesInFlight = 0
    private var preemption: SyncReport.Commit?
    private var verification = Verification.none

    private enum Verification {
        case none, underWay, done
    }

    var environment: Environment { settings.environment }

    /// - Parameter apps: of the plan, those to roll out.
    /// - Returns: the record with everything that came of it.
    /// - Throws: `CancellationError`.
    static func run(
        _ plan: Plan, rollingOut apps: [PlannedApp], _ settings: Settings, _ record: SyncRecord
    ) async throws -> SyncRecord {
        let progress = settings.progress
        let replacer = StuckPodReplacer(
            cluster: settings.cluster.throughOutages(of: patience), environment: settings.environment.name,
            namespace: settings.environment.namespace)
        return try await RolloutWatch.run(
            replacer, kinds: Set((apps + settings.abandoned).map(\.key.kind)), lists: settings.lists,
            unlistable: settings.unlistable,
            clock: ContinuousClock(),
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
        self.settings = settings
        self.watch = watch
        self.record = record
        let all = (apps + settings.abandoned).map { Course($0, interrupted: settings.interrupted) }
        courses = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        names = Dictionary(all.map { ($0.planned.key, $0.name) }, uniquingKeysWith: { first, _ in first })
        for course in all {
            if case .deployment(let key) = course.planned.canary?.way { names[key] = course.name }
        }
        schedule = RolloutSchedule(
            plan.apps.map(\.app) + settings.abandoned.map(\.app), rolledOut: Set(courses.keys),
            onFailure: settings.environment.rollout.onFailure)
        self.watch.follow(names.keys)
        for course in all where course.isResumed {
            self.record.resumed(course.planned)
            schedule.resumed(course.name)
        }
        for planned in settings.abandoned { abandon(planned) }
    }

    private mutating func abandon(_ planned: PlannedApp) {
        let name = planned.app.name
        courses[name]?.canary = planned.leftoverCanary.map { ($0.key, $0.uid) }
        record.abandoned(planned, to: courses[name]?.versionBefore)
        schedule.abandoned(name)
    }

    private mutating func run() async throws {
        if let newerCommit = settings.newerCommit { watch.start { .preempted(try await newerCommit()) } }
        advance()
        while !isFinished {
            switch try await watch.next(until: nextHoldDeadline) {
            case .observed(let verdicts): tell(verdicts)
            case .finished(let work): take(work)
            case .lost(let error): lose(error)
            }
            judgeHolds()
            advance()
        }
        record.finishNotStarted()
        if let preemption { record.preempted(by: preemption) }
        record.replaced(watch.replaced)
        for pod in watch.replaced {
            guard let workload = watch.board.workload(pod.key) else { continue }
            settings.events.record(.stuckPodReplaced(pod, of: workload))
        }
        for note in watch.notes { record.note(note) }
    }

    /// A pass leaves no request behind of which nobody knows what became: a pod may be back before its deletion is answered, and a
    /// newer commit may come in between.
    private var isFinished: Bool {
        guard writesInFlight == 0, watch.deletionsInFlight == 0 else { return false }
        if preemption != nil { return true }
        return schedule.isFinished && writes.isEmpty && verification != .underWay
    }

    /// Starts whatever may start now.
    private mutating func advance() {
        guard preemption == nil else { return }
        // What is proven, or back, the moment it begins lets others begin: no event would follow that tells of it.
        while true {
            let (ready, returnable) = (schedule.takeReady(), schedule.takeReturnable())
            if ready.isEmpty, returnable.isEmpty { break }
            for name in ready { start(name) }
            for name in returnable { giveBack(name) }
        }
        while writesInFlight < WorkloadWriter.patchesInFlight, let write = writes.popFirst() { send(write) }
        verifyWhereAllIsProven()
    }

    /// How long a write of the way forward is tried while the API server is away.
    private static let patience = Duration.seconds(60)

    private mutating func send(_ write: Write) {
        // What is written has to come back: as long as a rollout may take. The way forward may still be given up.
        let cluster = settings.cluster.throughOutages(
            of: write.isForward ? Self.patience : max(environment.rollout.timeout, Self.patience))
        let writer = WorkloadWriter(
            cluster: cluster, namespace: environment.namespace, isDryRun: false, replan: settings.replan)
        let restorer = WorkloadRestorer(cluster: cluster, namespace: environment.namespace)
        let canaries = CanaryDeployment(cluster: cluster, environment: environment)
        writesInFlight += 1
        switch write {
        case .patch(let name, let isCanary):
            run(name) { .patched(app: name, try await writer.write($0.planned, isCanary: isCanary)) }
        case .startCanary(let name, let pods):
            run(name) { .canaryStarted(app: name, try await canaries.start($0.planned, pods: pods)) }
        case .removeCanary(let name, let key, let uid):
            watch.start { .canaryRemoved(app: name, try await canaries.remove(key, uid: uid)) }
        case .restore(let name):
            // As the watch has shown it last: the controller has written its status since the patch was answered.
            let seen = courses[name].flatMap { watch.board.workload($0.planned.key) }
            run(name) { course in
                .restored(
                    app: name, try await restorer.restore(course, from: seen ?? course.workload, strategy: nil))
            }
        case .restoreStrategy(let name):
            run(name) {
                switch try await restorer.restore($0, from: nil, strategy: $0.strategyBefore) {
                case .success: .strategyRestored(app: name, nil)
                case .failure(let failure): .strategyRestored(app: name, failure)
                }
            }
        }
    }

    private func run(_ name: String, _ work: @escaping @Sendable (Course) async throws -> PassWork) {
        guard let course = courses[name] else { preconditionFailure("only apps of the pass are written: \(name)") }
        watch.start { try await work(course) }
    }

    private mutating func take(_ work: PassWork) {
        switch work {
        case .asked, .verified, .preempted: break
        case .patched, .canaryStarted, .canaryRemoved, .restored, .strategyRestored: writesInFlight -= 1
        }
        switch work {
        case .patched(let name, let result): patched(name, result)
        case .canaryStarted(let name, let result): canaryStarted(name, result)
        case .canaryRemoved(let name, let failure): canaryRemoved(name, failure)
        case .asked(let name, let failure): asked(name, failure)
        case .restored(let name, let result): restored(name, result)
        case .strategyRestored(let name, let failure): finishReturn(name, failure.map { .failed($0) } ?? .proven)
        case .verified(let report): verified(report)
        case .preempted(let commit):
            preemption = commit
            settings.progress(.note("commit \(commit.shortID) is newer: no longer waiting for this one"))
        }
    }

    mutating func tell(_ verdicts: [WorkloadKey: Verdict]) {
        for (key, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
            guard let name = names[key], courses[name]?.target?.key == key else { continue }
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

    // MARK: The environment as a whole

    private mutating func verifyWhereAllIsProven() {
        guard let verify = environment.verify, verification == .none, schedule.isFinished, writes.isEmpty,
            writesInFlight == 0, !record.hasFailures
        else { return }
        verification = .underWay
        let verifier = Verifier(
            environment: environment, cluster: settings.cluster, clock: settings.clock, progress: settings.progress)
        let commit = settings.commit.id
        watch.start { .verified(try await verifier.run(verify, commit: commit)) }
    }

    private mutating func verified(_ report: VerificationReport) {
        verification = .done
        record.verified(report)
        guard let failure = report.failure else { return }
        for course in courses.values where record.isWritten(course.name) {
            settings.events.record(
                .verificationFailed(course.planned, check: report.name, commit: settings.commit, failure))
        }
        if environment.rollout.onFailure.rollsBack { takeBack { $0.returnEverything() } }
    }
}
