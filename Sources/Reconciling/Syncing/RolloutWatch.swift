import Kubernetes
import Rollouts
import Workloads

/// Waits for rollouts: takes the namespace's events to the board that judges them, until every rollout has a verdict.
struct RolloutWatch {
    private var board = RolloutBoard()
    private var events: AsyncStream<NamespaceEvent>.AsyncIterator
    private let alarms: AsyncStream<ContinuousClock.Instant>.Continuation
    private let unfinished: UnfinishedRollouts
    private let replacer: StuckPodReplacer
    private var nextAlarm: ContinuousClock.Instant?
    private var decidedAt: [WorkloadKey: ContinuousClock.Instant] = [:]
    private var isInterrupted = false
    /// What a person should know, each said once.
    private(set) var notes: [String] = []
    /// The stuck pods that were replaced.
    private(set) var replaced: [StuckPod] = []

    /// What to tell while waiting.
    struct Listener: Sendable {
        var verdict: @Sendable (WorkloadKey, Verdict) -> Void
        var note: @Sendable (String) -> Void
    }

    /// Watches the namespace for as long as `body` runs: one watch for each kind and one for the pods.
    ///
    /// - Parameter unlistable: the kinds that are known not to be listed and watched; they are read by name.
    static func run<Result: Sendable>(
        _ replacer: StuckPodReplacer, kinds: Set<WorkloadKind>, unlistable: Set<WorkloadKind>,
        clock: any Clock<Duration>,
        _ body: (inout RolloutWatch) async throws -> Result
    ) async throws -> Result {
        let (events, continuation) = AsyncStream<NamespaceEvent>.makeStream()
        let (alarms, alarmContinuation) = AsyncStream<ContinuousClock.Instant>.makeStream()
        let unfinished = UnfinishedRollouts()
        let source = NamespaceEventSource(
            cluster: replacer.cluster, namespace: replacer.namespace, unfinished: unfinished, clock: clock,
            events: continuation)
        return try await withThrowingDiscardingTaskGroup { group in
            for kind in kinds {
                let isListable = !unlistable.contains(kind)
                group.addTask {
                    if isListable { await source.observeWorkloads(kind) } else { await source.pollWorkloads(kind) }
                }
            }
            group.addTask { await source.observePods() }
            group.addTask { await ring(alarms, continuation) }
            var watch = RolloutWatch(
                events: events.makeAsyncIterator(), alarms: alarmContinuation, unfinished: unfinished,
                replacer: replacer)
            defer { group.cancelAll() }
            return try await body(&watch)
        }
    }

    private init(
        events: AsyncStream<NamespaceEvent>.AsyncIterator, alarms: AsyncStream<ContinuousClock.Instant>.Continuation,
        unfinished: UnfinishedRollouts, replacer: StuckPodReplacer
    ) {
        self.events = events
        self.alarms = alarms
        self.unfinished = unfinished
        self.replacer = replacer
    }

    /// Waits until each of these rollouts is proven or failed.
    ///
    /// - Returns: the final verdicts of the rollouts begun here, and when each was reached.
    /// - Throws: `KubernetesError` where the namespace can no longer be observed; `CancellationError`.
    mutating func prove(
        _ started: [(target: RolloutTarget, workload: Workload)], _ listener: Listener
    ) async throws -> [WorkloadKey: (verdict: Verdict, at: ContinuousClock.Instant)] {
        tell(board.begin(started, at: .now), listener)
        while !board.isFinished {
            unfinished.keys = board.unfinished
            setAlarm()
            guard let event = await events.next() else { throw CancellationError() }
            try take(event, listener)
            try await replaceStuckPods(listener)
        }
        var verdicts: [WorkloadKey: (verdict: Verdict, at: ContinuousClock.Instant)] = [:]
        for key in started.map(\.target.key) {
            if let verdict = board.verdicts[key], let moment = decidedAt[key] { verdicts[key] = (verdict, moment) }
        }
        return verdicts
    }

    /// What each pod of the workload is to run now, for the report of a failure: `web-2: 1.1.0 (not ready)`. The whole image
    /// where it is not from the target's repository.
    func running(_ target: RolloutTarget) -> [String] {
        board.pods(of: target.key).map { pod in
            let texts = (pod.containers + pod.initContainers).compactMap { container -> String? in
                guard let wanted = target.images[container.name] else { return nil }
                let isOurs = container.image.repository == wanted.repository && container.image.digest == nil
                return isOurs ? container.image.tag : container.image.description
            }
            let text = Set(texts).sorted().joined(separator: ", ")
            return "\(pod.name): \(text)\(pod.isReady ? "" : " (not ready)")"
        }
    }

    private mutating func take(_ event: NamespaceEvent, _ listener: Listener) throws {
        let now = ContinuousClock.now
        switch event {
        case .workloads(let kind, .snapshot(let all)):
            isInterrupted = false
            tell(board.replaceWorkloads(of: kind, with: all, at: now), listener)
        case .workloads(_, .changed(let workload)): tell(board.update(workload, at: now), listener)
        case .workloads(_, .deleted(let workload)): tell(board.removeWorkload(workload.key, at: now), listener)
        case .workloadGone(let key): tell(board.removeWorkload(key, at: now), listener)
        case .pods(.snapshot(let all)): tell(board.replacePods(with: all, at: now), listener)
        case .pods(.changed(let pod)): tell(board.update(pod, at: now), listener)
        case .pods(.deleted(let pod)): tell(board.remove(pod, at: now), listener)
        case .podsUnreadable: tell(board.judgeWithoutPods(at: now), listener)
        case .workloads(_, .interrupted(let error)), .pods(.interrupted(let error)):
            if !isInterrupted { say("the API server is not answering, trying again: \(error.message)", listener) }
            isInterrupted = true
        case .note(let note): say(note, listener)
        case .lost(let error): throw error
        case .alarm:
            nextAlarm = nil
            tell(board.tick(at: now), listener)
        }
    }

    private mutating func replaceStuckPods(_ listener: Listener) async throws {
        for pod in board.stuckPods {
            board.replacing(pod)
            switch try await replacer.replace(pod) {
            case .replaced:
                replaced.append(pod)
                listener.note("replacing the stuck pod \(pod.name) of an older revision (\(pod.reason))")
            case .refused(let message, let hint):
                tell(board.cannotReplace(pod, because: message, hint: hint, at: .now), listener)
            }
        }
    }

    private mutating func tell(_ changed: [WorkloadKey: Verdict], _ listener: Listener) {
        for (key, verdict) in changed.sorted(by: { $0.key < $1.key }) {
            if verdict.isFinal { decidedAt[key] = .now }
            listener.verdict(key, verdict)
        }
    }

    private mutating func say(_ note: String, _ listener: Listener) {
        if !notes.contains(note) { notes.append(note) }
        listener.note(note)
    }

    private mutating func setAlarm() {
        guard let deadline = board.nextDeadline() else { return }
        if let nextAlarm, nextAlarm <= deadline { return }
        nextAlarm = deadline
        alarms.yield(deadline)
    }

    /// Sends an alarm at each of the moments. One that comes too early is harmless: the board then finds nothing due.
    private static func ring(
        _ moments: AsyncStream<ContinuousClock.Instant>, _ events: AsyncStream<NamespaceEvent>.Continuation
    ) async {
        await withDiscardingTaskGroup { timers in
            for await moment in moments {
                timers.addTask {
                    do {
                        try await ContinuousClock().sleep(until: moment)
                        events.yield(.alarm)
                    } catch {
                        return  // cancelled: nobody waits any more
                    }
                }
            }
            timers.cancelAll()
        }
    }
}
