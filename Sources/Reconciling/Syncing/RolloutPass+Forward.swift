import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

// An app's way forward: its canaries, where it has any, then all of its pods, then what they answer.
extension RolloutPass {
    mutating func start(_ name: String) {
        guard let course = courses[name] else { return }
        let planned = course.planned
        courses[name]?.startedAt = .now
        if let leftover = planned.leftoverCanary, planned.canary == nil {
            writes.append(.removeCanary(name, leftover.key, uid: leftover.uid))
        }
        guard planned.isChanged else { return begin(name) }
        switch planned.canary?.way {
        case .deployment: writes.append(.startCanary(name, pods: planned.canary?.pods ?? 1))
        case .partition: writes.append(.patch(name, isCanary: true))
        case nil: writes.append(.patch(name, isCanary: false))
        }
    }

    mutating func patched(_ name: String, _ result: WorkloadWriter.Result) {
        switch result {
        case .written(let planned, let workload, let rivals):
            courses[name]?.planned = planned
            courses[name]?.workload = workload
            courses[name]?.isWritten = true
            record.written(planned, rivals: rivals, extent: .prove)
            if !rivals.isEmpty { settings.events.record(.fieldsTakenOver(planned, rivals)) }
            schedule.written(name)
            begin(name)
        case .unneeded(let workload):
            courses[name]?.workload = workload
            begin(name)
        case .failed(let failure, let status):
            fail(name, failure, status)
        case .uncertain(let failure, let status):
            courses[name]?.isWritten = true
            if let planned = courses[name]?.planned { record.written(planned, rivals: [], extent: .prove) }
            schedule.written(name)
            fail(name, failure, status)
        }
    }

    /// Waits for the rollout of what the workload holds now.
    private mutating func begin(_ name: String) {
        guard let course = courses[name] else { return }
        if course.isResumed { schedule.written(name) }
        let partition = course.workload.strategy.partition ?? 0
        let isCanary = course.planned.canaryPartition != nil && partition > 0
        let target = RolloutTarget(
            course.planned, workload: course.workload, environment: environment, isCanary: isCanary)
        judge(name, target, course.workload, isCanary ? .canaryRolling : .rolling)
    }

    private mutating func judge(
        _ name: String, _ target: RolloutTarget, _ workload: Workload, _ stage: Course.Stage, isNew: Bool = false
    ) {
        guard schedule.phase(of: name) == .forward else { return }  // it has to go back at once
        if let lost { return fail(name, AppReport.Failure(lost), ExitStatus(lost)) }
        courses[name]?.stage = stage
        courses[name]?.target = target
        tell(watch.begin(target, workload, isNew: isNew))
    }

    mutating func judged(_ name: String, _ verdict: Verdict) {
        guard let course = courses[name], let target = course.target else { return }
        let pods = AppReport.Pods(verdict.progress)
        switch (verdict, course.stage) {
        case (.progressing(let rollout), .canaryRolling):
            let reason = ["canary", rollout.reason].compactMap { $0 }.joined(separator: ": ")
            settings.progress(.app(course.step(.rolling(reason), pods: pods)))
        case (.progressing(let rollout), _):
            settings.progress(.app(course.step(.rolling(rollout.reason), pods: pods)))
        case (.proven, .canaryRolling):
            hold(name, course, target, pods)
        case (.proven, _):
            courses[name]?.proof = verdict
            ask(name, course, target, pods)
        case (.failed(let failure), _):
            record.judged(course.planned, verdict, running: watch.running(target), seconds: course.seconds)
            let told = AppReport.Failure(failure)
            settings.progress(.app(course.step(.failed(told), pods: pods)))
            tellFailure(course, told)
            failed(name)
        }
    }

    /// - Parameter status: the exit code where this pass writes nothing at all.
    mutating func fail(_ name: String, _ failure: AppReport.Failure, _ status: ExitStatus) {
        record.failed(name, failure, status)
        if let course = courses[name] {
            settings.progress(.app(course.step(.failed(failure))))
            tellFailure(course, failure)
        }
        failed(name)
    }

    private func tellFailure(_ course: Course, _ failure: AppReport.Failure) {
        switch course.stage {
        case .canaryRolling, .canaryHolding:
            settings.events.record(.canaryFailed(course.planned, commit: settings.commit, failure))
        case .rolling, .asking:
            settings.events.record(.failed(course.planned, commit: settings.commit, failure))
        }
    }

    private mutating func failed(_ name: String) {
        holding.remove(name)
        takeBack { $0.failed(name) }
        // What does not go back by the policy still does not keep its canaries.
        if schedule.phase(of: name) == .failed { removeCanary(name) }
    }

    // MARK: Canaries

    mutating func canaryStarted(_ name: String, _ result: Result<(RolloutTarget, Workload), AppReport.Failure>) {
        switch result {
        case .failure(let failure):
            courses[name]?.stage = .canaryRolling
            fail(name, failure, .rolloutFailed)
        case .success(let (target, workload)):
            courses[name]?.canary = (target.key, target.uid)
            if let planned = courses[name]?.planned { record.written(planned, rivals: [], extent: .prove) }
            schedule.written(name)
            judge(name, target, workload, .canaryRolling, isNew: true)
        }
    }

    /// The canaries run: from now on they are watched.
    private mutating func hold(_ name: String, _ course: Course, _ target: RolloutTarget, _ pods: AppReport.Pods) {
        guard let canary = course.planned.canary else { return }
        let hold = CanaryHold(
            target: target, pods: watch.board.ownPods(of: target.key), hold: canary.hold, startedAt: .now)
        courses[name]?.stage = .canaryHolding(hold, isAsked: course.planned.app.health == nil)
        holding.insert(name)
        settings.progress(
            .app(
                course.step(
                    .rolling("watching \(canary.pods == 1 ? "the canary" : "\(canary.pods) canaries")"), pods: pods)))
        if let health = course.planned.app.health {
            ask(health, of: hold.canaries, during: canary.hold, for: name)
        }
    }

    /// When the first hold is over.
    var nextHoldDeadline: ContinuousClock.Instant? {
        holding.compactMap { name in
            guard case .canaryHolding(let hold, _) = courses[name]?.stage else { return nil }
            return hold.nextDeadline
        }.min()
    }

    mutating func judgeHolds() {
        for name in holding.sorted() where holding.contains(name) {
            guard case .canaryHolding(var hold, let isAsked) = courses[name]?.stage else { continue }
            let key = hold.target.key
            let verdict = hold.judge(
                workload: watch.board.workload(key), pods: watch.board.ownPods(of: key), at: .now)
            courses[name]?.stage = .canaryHolding(hold, isAsked: isAsked)
            switch verdict {
            case .holding: continue
            case .passed: if isAsked { pass(name, hold) }
            case .failed(let failure):
                fail(name, AppReport.Failure(failure), .rolloutFailed)
            }
        }
    }

    /// The canaries have held: the other pods follow.
    private mutating func pass(_ name: String, _ hold: CanaryHold) {
        guard let course = courses[name], let canary = course.planned.canary else { return }
        holding.remove(name)
        watch.abandon(hold.target.key)
        courses[name]?.target = nil
        courses[name]?.stage = .rolling
        settings.events.record(
            .canaryPassed(course.planned, pods: canary.pods, hold: canary.hold, commit: settings.commit))
        settings.progress(.app(course.step(.rolling("the canary has held"))))
        writes.append(.patch(name, isCanary: false))
    }

    /// Takes away the Deployment of the app's canaries, where there is one.
    mutating func removeCanary(_ name: String) {
        guard let canary = courses[name]?.canary else { return }
        courses[name]?.canary = nil
        writes.append(.removeCanary(name, canary.key, uid: canary.uid))
    }

    mutating func canaryRemoved(_ name: String, _ failure: AppReport.Failure?) {
        if let failure {
            record.add(
                "its canary is still there: \(failure.message)" + (failure.hint.map { " (\($0))" } ?? ""), to: name)
        }
        // Where nothing else of the app was written, that was all there was to take back.
        guard schedule.phase(of: name) == .returning, courses[name]?.isWritten == false else { return }
        finishReturn(name, failure.map { .failed($0) } ?? .proven)
    }

    // MARK: Health

    private mutating func ask(_ name: String, _ course: Course, _ target: RolloutTarget, _ pods: AppReport.Pods) {
        guard let health = course.planned.app.health else { return prove(name) }
        courses[name]?.stage = .asking
        settings.progress(.app(course.step(.rolling("asking for its health"), pods: pods)))
        guard let own = watch.board.ownPods(of: target.key) else {
            return fail(
                name,
                AppReport.Failure(
                    code: "forbidden", message: "the token may not list pods, so that none can be asked for its health",
                    hint: "`descry rbac \(environment.name) --health` prints the Role that allows it"), .denied)
        }
        ask(
            health, of: own.filter { !$0.isBeingDeleted && !$0.hasEnded }.map(\.name), during: health.for, for: name)
    }

    private func ask(_ check: HealthCheck, of pods: [String], during: Duration, for name: String) {
        let probe = HealthProbe(
            cluster: settings.cluster, namespace: environment.namespace, clock: settings.clock)
        watch.start { .asked(app: name, try await probe.failure(of: check, pods: pods, during: during)) }
    }

    mutating func asked(_ name: String, _ failure: AppReport.Failure?) {
        guard schedule.phase(of: name) == .forward, let stage = courses[name]?.stage else { return }
        switch stage {
        case .asking: break
        case .canaryHolding(let hold, _): courses[name]?.stage = .canaryHolding(hold, isAsked: true)
        case .rolling, .canaryRolling: return
        }
        if let failure { return fail(name, failure, .rolloutFailed) }
        if case .asking = stage { prove(name) }
    }

    private mutating func prove(_ name: String) {
        guard let course = courses[name], let proof = course.proof else { return }
        record.judged(course.planned, proof, running: [], seconds: course.seconds)
        settings.progress(
            .app(course.step(.proven(seconds: course.seconds), pods: AppReport.Pods(proof.progress))))
        if course.planned.isChanged {
            settings.events.record(.proven(course.planned, commit: settings.commit, seconds: course.seconds))
        }
        removeCanary(name)
        schedule.proven(name)
    }
}
