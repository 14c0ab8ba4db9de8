import Logging
import Reporting
import Synchronization

/// Keeps any number of environments as their branches say: `descry run` without its server and its signals.
///
/// Each environment has a task of its own; what they share is the polling of repositories, connections, and the bound on how many
/// passes begin at once. An environment that hangs or fails delays no other.
public actor Loop {
    private let context: LoopContext
    private let listeners: Listeners
    private var loops: [String: (loop: EnvironmentLoop, task: Task<Void, Never>)] = [:]
    /// What was given up and has not ended yet.
    private var ending: [Int: Task<Void, Never>] = [:]
    private var endings = 0
    private var isDraining = false

    /// - Parameters:
    ///   - holder: what this replica calls itself in leases; no other one may.
    ///   - runner: for the history.
    ///   - tell: is told everything that happens, and must not block.
    public init(
        settings: LoopSettings = LoopSettings(), holder: LeaseHolder, sources: LoopSources, logger: Logger,
        runner: Deployment.Runner = .init(), time: LoopTime = .system,
        queueDepth: @escaping @Sendable (Int) -> Void = { _ in },
        tell: @escaping @Sendable (LoopEvent) -> Void = { _ in }
    ) {
        let listeners = Listeners()
        self.listeners = listeners
        let tellAll: @Sendable (LoopEvent) -> Void = { event in
            tell(event)
            listeners.tell(event)
        }
        context = LoopContext(
            settings: settings, holder: holder, claim: .replica(upSince: time.now()), leases: LeaseCounts(),
            connections: LoopConnections(sources) {
                RepositoryPoller($0, interval: settings.pollInterval, time: time, tell: tellAll)
            },
            slots: PassSlots(
                settings.passesAtOnce, patience: settings.slotPatience, time: time, tell: queueDepth),
            time: time, logger: logger, runner: runner, tell: tellAll)
    }

    /// Everything that happens from now on.
    public nonisolated func events() -> AsyncStream<LoopEvent> { listeners.stream() }

    /// From now on these are the environments, as they are here: new ones are taken up, those that changed begin anew, and those
    /// that are not among them are given up, with whatever was under way there.
    public func apply(_ environments: some Sequence<Environment>) {
        guard !isDraining else { return }
        let wanted = Dictionary(environments.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        context.leases.set(wanted.values)
        var leaving: [String: Task<Void, Never>] = [:]
        for (name, running) in loops where wanted[name] != running.loop.environment {
            running.task.cancel()
            loops[name] = nil
            leaving[name] = running.task
            end(running.task)
        }
        for (name, environment) in wanted where loops[name] == nil {
            let loop = EnvironmentLoop(environment, context)
            // What it was before ends first: it may be in the middle of a pass.
            let before = leaving[name]
            loops[name] = (
                loop,
                Task {
                    await before?.value
                    await loop.run()
                }
            )
        }
    }

    private func end(_ task: Task<Void, Never>) {
        endings += 1
        let number = endings
        ending[number] = task
        Task {
            await task.value
            ending[number] = nil
        }
    }

    /// Something may have changed: its repository is polled, and a failed pass tried again. A webhook reaches one replica of several, so
    /// it is passed on to the one that looks after the environment; what an operator asks of a process is asked of that one.
    public func wake(_ hint: WakeHint) {
        for name in hint.environments { loops[name]?.loop.wake(passesOn: hint.reason == .webhook) }
    }

    /// Ends all of it: passes that are under way are recorded as interrupted, leases given back. What is not done by the time that
    /// the settings give is left behind; leases then end by themselves, and the next pass goes on from where this one was.
    ///
    /// - Returns: false where something is left behind.
    @discardableResult
    public func drain() async -> Bool {
        isDraining = true
        let tasks = loops.values.map(\.task) + ending.values
        for task in tasks { task.cancel() }
        let (ends, end) = AsyncStream<Bool>.makeStream()
        let waiting = Task {
            for task in tasks { await task.value }
            end.yield(true)
        }
        let alarm = Task { [context] in
            do { try await context.time.sleep(context.time.now() + context.settings.drain) } catch { return }
            end.yield(false)
        }
        defer {
            waiting.cancel()
            alarm.cancel()
        }
        // Although this task may be cancelled.
        return await Task {
            for await isDone in ends { return isDone }
            return false
        }.value
    }
}

/// Those who follow what happens, such as tests.
private final class Listeners: Sendable {
    private let state = Mutex<(streams: [Int: AsyncStream<LoopEvent>.Continuation], last: Int)>(([:], 0))

    func tell(_ event: LoopEvent) {
        state.withLock { state in
            for stream in state.streams.values { stream.yield(event) }
        }
    }

    func stream() -> AsyncStream<LoopEvent> {
        let (stream, continuation) = AsyncStream<LoopEvent>.makeStream()
        let id = state.withLock { state in
            state.last += 1
            state.streams[state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [weak self] _ in _ = self?.state.withLock { $0.streams.removeValue(forKey: id) }
        }
        return stream
    }
}
