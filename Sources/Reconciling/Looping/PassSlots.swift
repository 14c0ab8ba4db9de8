import Synchronization

/// Lets so many passes begin at once, in the order in which they came.
///
/// The bound is for the burst after a start or a push to many branches. A pass that goes on for longer, since it waits for rollouts
/// or for a server that hangs, gives its place to the next one, and so delays nobody.
final class PassSlots: Sendable {
    private struct State {
        var free: Int
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var lastID = 0
    }

    private let state: Mutex<State>
    private let patience: Duration
    private let time: LoopTime
    private let tell: @Sendable (Int) -> Void

    /// - Parameter tell: is told how many wait, whenever that changes.
    init(_ count: Int, patience: Duration, time: LoopTime, tell: @escaping @Sendable (Int) -> Void) {
        state = Mutex(State(free: max(1, count)))
        self.patience = patience
        self.time = time
        self.tell = tell
    }

    /// Runs the body once there is a place.
    ///
    /// - Throws: `CancellationError`, and what the body throws.
    func run<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
        guard await enter() else { throw CancellationError() }
        let isGivenBack = Mutex(false)
        let giveBack: @Sendable () -> Void = { [self] in
            let isFirst = isGivenBack.withLock { isGivenBack in
                defer { isGivenBack = true }
                return !isGivenBack
            }
            if isFirst { leave() }
        }
        defer { giveBack() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [time, patience] in
                do { try await time.sleep(time.now() + patience) } catch { return }  // the pass was quicker
                giveBack()
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    /// - Returns: false where the task was cancelled before there was a place.
    private func enter() async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, count) = state.withLock { state -> (Bool?, Int) in
                    if Task.isCancelled { return (false, state.waiting.count) }
                    guard state.free == 0 else {
                        state.free -= 1
                        return (true, state.waiting.count)
                    }
                    state.waiting.append((id, continuation))
                    return (nil, state.waiting.count)
                }
                if let answer { continuation.resume(returning: answer) } else { tell(count) }
            }
        } onCancel: {
            let (waiter, count) = state.withLock { state in
                let index = state.waiting.firstIndex { $0.id == id }
                return (index.map { state.waiting.remove(at: $0).continuation }, state.waiting.count)
            }
            guard let waiter else { return }
            waiter.resume(returning: false)
            tell(count)
        }
    }

    private func leave() {
        let (next, count) = state.withLock { state -> (CheckedContinuation<Bool, Never>?, Int) in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return (nil, 0)
            }
            return (state.waiting.removeFirst().continuation, state.waiting.count)
        }
        guard let next else { return }
        next.resume(returning: true)
        tell(count)
    }
}
