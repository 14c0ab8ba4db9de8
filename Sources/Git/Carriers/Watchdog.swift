import Synchronization

/// Ends an operation that waits too long for the network: for the next piece of an answer (idle) or in all (total).
///
/// Every carrier marks its waits; time spent on the mirror between them doesn't count as idle. When a deadline passes,
/// the operation's task is cancelled, which every carrier obeys at once.
final class Watchdog: Sendable {
    enum Deadline: Sendable, Hashable { case idle, total }

    private struct State {
        var waitingSince: ContinuousClock.Instant?
        var expired: Deadline?
        var idle: Duration
    }
    private let state: Mutex<State>
    private let deadlines: GitDeadlines

    init(_ deadlines: GitDeadlines) {
        self.deadlines = deadlines
        state = Mutex(State(idle: deadlines.idle))
    }

    /// From here on, waits may be as long as this.
    func allowIdle(_ idle: Duration) { state.withLock { $0.idle = idle } }

    /// The deadline that passed, if one did: the true reason for whatever error followed.
    var expired: Deadline? { state.withLock(\.expired) }

    /// Marks the start of a wait for the other side.
    func beginWait() { state.withLock { $0.waitingSince = .now } }

    /// Marks its end.
    func endWait() { state.withLock { $0.waitingSince = nil } }

    /// Watches until a deadline passes, then calls `expire` once; returns early when its task is cancelled.
    func watch(expire: @Sendable () -> Void) async {
        let end = ContinuousClock.now + deadlines.total
        while !Task.isCancelled {
            let now = ContinuousClock.now
            let next = state.withLock { state -> ContinuousClock.Instant? in
                // A wait that begins later can't expire before `now + idle`, so looking again then misses none.
                let idleEnd = (state.waitingSince ?? now) + state.idle
                if end <= now { state.expired = .total } else if idleEnd <= now { state.expired = .idle }
                return state.expired == nil ? min(idleEnd, end) : nil
            }
            guard let next else { return expire() }
            do { try await ContinuousClock().sleep(until: next) } catch { return }
        }
    }

    func error(for deadline: Deadline, remote: RemoteURL) -> GitError {
        switch deadline {
        case .idle:
            .unreachable(
                "idle-timeout", "\(remote) sent nothing for \(state.withLock(\.idle))",
                hint: "The server or something on the way to it hangs; try again")
        case .total:
            .unreachable("total-timeout", "The exchange with \(remote) wasn't finished within \(deadlines.total)")
        }
    }
}
