import Synchronization

/// Carries out what a ``WakeGate`` decides.
final class WakeDebouncer: Sendable {
    private let gate: Mutex<WakeGate>
    private let time: ServerTime
    private let wake: @Sendable (Set<String>) async -> Void
    private let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    init(interval: Duration, time: ServerTime, wake: @escaping @Sendable (Set<String>) async -> Void) {
        gate = Mutex(WakeGate(interval: interval))
        self.time = time
        self.wake = wake
    }

    func ask(for environments: Set<String>) async {
        let now = time.now()
        let (immediate, isWaiting) = gate.withLock { ($0.ask(for: environments, at: now), $0.next != nil) }
        if isWaiting { signal.yield() }
        if !immediate.isEmpty { await wake(immediate) }
    }

    /// Wakes those whose interval is over, until its task is cancelled.
    func run() async {
        for await _ in signals {
            while let next = gate.withLock({ $0.next }) {
                let pause = time.now().duration(to: next)
                if pause > .zero {
                    do { try await time.sleep(pause) } catch { return }
                }
                let due = gate.withLock { $0.due(at: time.now()) }
                if !due.isEmpty { await wake(due) }
            }
        }
    }
}
