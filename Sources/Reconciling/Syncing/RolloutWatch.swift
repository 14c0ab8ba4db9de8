import Kubernetes
import Rollouts
import Workloads

/// What a pass is told, one at a time: what the namespace shows, and what became of the work that it has started.
enum PassEvent: Sendable {
    /// The namespace was looked at; with the verdicts that changed by it.
    case observed([WorkloadKey: Verdict])
    case finished(PassWork)
    /// The namespace cannot be observed any more.
    case lost(KubernetesError)
}

/// Watches the namespace for a pass, and runs the pass's requests beside it: all of it comes back as one stream of events, so
/// that one loop owns all state and nothing that hangs keeps it from the rest.
struct RolloutWatch {
    private enum Signal: Sendable {
        case namespace(NamespaceEvent)
        case work(PassWork)
        case replacedPod(StuckPod, StuckPodReplacer.Outcome)
        /// Work ended by an error that is none of the API server's: a defect.
        case broken(any Error)
    }

    private typealias Job = @Sendable () async -> Void

    private(set) var board = RolloutBoard()
    private var signals: AsyncStream<Signal>.AsyncIterator
    private let signal: AsyncStream<Signal>.Continuation
    private let jobs: AsyncStream<Job>.Continuation
    private let unfinished: UnfinishedRollouts
    private let replacer: StuckPodReplacer
    private let note: @Sendable (String) -> Void
    private var nextAlarm: ContinuousClock.Instant?
    private var isInterrupted = false
    /// What a person should know, each said once.
    private(set) var notes: [String] = []
    /// The stuck pods that were replaced.
    private(set) var replaced: [StuckPod] = []
    /// The deletions of stuck pods whose answers are awaited.
    private(set) var deletionsInFlight = 0

    /// Watches the namespace for as long as `body` runs: one watch for each kind and one for the pods.
    ///
    /// - Parameters:
    ///   - lists: what was listed a moment ago, and is not listed again.
    ///   - unlistable: the kinds that are known not to be listed and watched; they are read by name.
    ///   - note: what a person should know at once.
    static func run<Result: Sendable>(
        _ replacer: StuckPodReplacer, kinds: Set<WorkloadKind>, lists: [WorkloadKind: ResourceList<Workload>],
        unlistable: Set<WorkloadKind>,
        clock: any Clock<Duration>, note: @escaping @Sendable (String) -> Void,
        _ body: (RolloutWatch) async throws -> Result
    ) async throws -> Result {
        let (signals, signal) = AsyncStream<Signal>.makeStream()
        let (jobs, job) = AsyncStream<Job>.makeStream()
        let unfinished = UnfinishedRollouts()
        let source = NamespaceEventSource(
            cluster: replacer.cluster.unhurried, namespace: replacer.namespace, unfinished: unfinished, clock: clock
        ) { signal.yield(.namespace($0)) }
        return try await withThrowingDiscardingTaskGroup { group in
            for kind in kinds {
                let isListable = !unlistable.contains(kind)
                group.addTask { [list = lists[kind]] in
                    if isListable {
                        await source.observeWorkloads(kind, after: list)
                    } else {
                        await source.pollWorkloads(kind)
                    }
                }
            }
            group.addTask { await source.observePods() }
            group.addTask {
                await withDiscardingTaskGroup { working in
                    for await job in jobs { working.addTask { await job() } }
                    working.cancelAll()
                }
            }
            let watch = RolloutWatch(
                signals: signals.makeAsyncIterator(), signal: signal, jobs: job, unfinished: unfinished,
                replacer: replacer, note: note)
            defer { group.cancelAll() }
            return try await body(watch)
        }
    }

    private init(
        signals: AsyncStream<Signal>.AsyncIterator, signal: AsyncStream<Signal>.Continuation,
        jobs: AsyncStream<Job>.Continuation, unfinished: UnfinishedRollouts, replacer: StuckPodReplacer,
        note: @escaping @Sendable (String) -> Void
    ) {
        self.signals = signals
        self.signal = signal
        self.jobs = jobs
        self.unfinished = unfinished
        self.replacer = replacer
        self.note = note
    }

    /// Runs the work beside the watch; what it returns comes back by ``next(until:)``.
    func start(_ work: @escaping @Sendable () async throws -> PassWork) { run { .work(try await work()) } }

    /// Work that is cancelled says nothing: the pass has ended.
    private func run(_ work: @escaping @Sendable () async throws -> Signal) {
        jobs.yield { [signal] in
            do {
                signal.yield(try await work())
            } catch {
                if !Task.isCancelled { signal.yield(.broken(error)) }
            }
        }
    }

    /// Keeps what is seen of these workloads from now on.
    mutating func follow(_ keys: some Sequence<WorkloadKey>) { board.follow(keys) }

    /// Begins to judge a rollout; one that is judged already for the same workload is given up.
    ///
    /// - Parameter isNew: this pass has just made the workload.
    mutating func begin(
        _ target: RolloutTarget, _ workload: Workload, isNew: Bool = false
    ) -> [WorkloadKey: Verdict] {
        board.begin([(target, workload)], areNew: isNew, at: .now)
    }

    /// Stops to judge the workload's rollout.
    mutating func abandon(_ key: WorkloadKey) { board.abandon(key) }

    /// Waits until something happens.
    ///
    /// - Parameter moment: when to come back with nothing, where nothing happens before.
    /// - Throws: `CancellationError`; whatever broke the work.
    mutating func next(until moment: ContinuousClock.Instant? = nil) async throws -> PassEvent {
        replaceStuckPods()
        unfinished.keys = board.unfinished
        setAlarm(moment)
        guard let signal = await signals.next() else { throw CancellationError() }
        switch signal {
        case .namespace(.lost(let error)): return .lost(error)
        case .namespace(let event): return .observed(take(event))
        case .work(let work): return .finished(work)
        case .replacedPod(let pod, let outcome): return .observed(take(pod, outcome))
        case .broken(let error): throw error
        }
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

    private mutating func take(_ event: NamespaceEvent) -> [WorkloadKey: Verdict] {
        let now = ContinuousClock.now
        switch event {
        case .workloads(let kind, .snapshot(let all)):
            isInterrupted = false
            return board.replaceWorkloads(of: kind, with: all, at: now)
        case .workloads(_, .changed(let workload)): return board.update(workload, at: now)
        case .workloads(_, .deleted(let workload)):
            return board.removeWorkload(workload.key, uid: workload.uid, at: now)
        case .workloadGone(let key): return board.removeWorkload(key, at: now)
        case .pods(.snapshot(let all)): return board.replacePods(with: all, at: now)
        case .pods(.changed(let pod)): return board.update(pod, at: now)
        case .pods(.deleted(let pod)): return board.remove(pod, at: now)
        case .podsUnreadable: return board.judgeWithoutPods(at: now)
        case .workloads(_, .interrupted(let error)), .pods(.interrupted(let error)):
            if !isInterrupted { say("the API server is not answering, trying again: \(error.message)") }
            isInterrupted = true
            return [:]
        case .note(let text):
            say(text)
            return [:]
        case .lost: return [:]
        case .alarm:
            nextAlarm = nil
            return board.tick(at: now)
        }
    }

    private mutating func replaceStuckPods() {
        for pod in board.stuckPods {
            board.replacing(pod)
            deletionsInFlight += 1
            run { [replacer] in .replacedPod(pod, try await replacer.replace(pod)) }
        }
    }

    private mutating func take(_ pod: StuckPod, _ outcome: StuckPodReplacer.Outcome) -> [WorkloadKey: Verdict] {
        deletionsInFlight -= 1
        switch outcome {
        case .replaced:
            replaced.append(pod)
            note("replacing the stuck pod \(pod.name) of an older revision (\(pod.reason))")
            return [:]
        case .refused(let message, let hint):
            return board.cannotReplace(pod, because: message, hint: hint, at: .now)
        }
    }

    private mutating func say(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
        note(text)
    }

    /// An alarm that comes too early is harmless: the board then finds nothing due.
    private mutating func setAlarm(_ moment: ContinuousClock.Instant?) {
        guard let first = [board.nextDeadline(), moment].compactMap({ $0 }).min() else { return }
        if let nextAlarm, nextAlarm <= first { return }
        nextAlarm = first
        run {
            try await ContinuousClock().sleep(until: first)
            return .namespace(.alarm)
        }
    }
}
