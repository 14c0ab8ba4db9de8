import Synchronization

/// Lets so many passes begin at once at each API server, in the order in which they came.
///
/// The bound is for the burst after a start or a push to many branches. A pass that has begun to write gives its place to the next
/// one, which so writes before the first one's rollouts are proven. So does one that goes on for longer, since it waits for
/// a server that hangs, and so delays nobody. Where it goes on since the API server has more to do than it can, it keeps its place:
/// more passes would make none of them faster.
final class PassSlots: Sendable {
    typealias Server = ClusterSettings.Address

    private struct Line {
        var free: Int
        var waiting: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private struct State {
        var lines: [Server: Line] = [:]
        var lastID = 0

        var waiting: Int { lines.values.reduce(0) { $0 + $1.waiting.count } }
    }

    /// However busy the API server is, a pass keeps its place for no longer than so many times the patience.
    private static let extensions = 15

    private let state = Mutex(State())
    private let count: Int
    private let patience: Duration
    private let time: LoopTime
    private let tell: @Sendable (Int) -> Void

    /// - Parameter tell: is told how many wait, whenever that changes.
    init(_ count: Int, patience: Duration, time: LoopTime, tell: @escaping @Sendable (Int) -> Void) {
        self.count = max(1, count)
        self.patience = patience
        self.time = time
        self.tell = tell
    }

    /// Runs the body once there is a place.
    ///
    /// - Parameters:
    ///   - isBusy: whether the API server has more to do than it can.
    ///   - body: gets what gives its place back before its end.
    /// - Throws: `CancellationError`, and what the body throws.
    func run<Result: Sendable>(
        at server: Server, isBusy: @escaping @Sendable () -> Bool,
        _ body: @Sendable (_ giveBack: @escaping @Sendable () -> Void) async throws -> Result
    ) async throws -> Result {
        guard await enter(server) else { throw CancellationError() }
        let isGivenBack = Mutex(false)
        let giveBack: @Sendable () -> Void = { [self] in
            let isFirst = isGivenBack.withLock { isGivenBack in
                defer { isGivenBack = true }
                return !isGivenBack
            }
            if isFirst { leave(server) }
        }
        defer { giveBack() }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [time, patience] in
                for _ in 0..<Self.extensions {
                    do { try await time.sleep(time.now() + patience) } catch { return }  // the pass was quicker
                    if !isBusy() { break }
                }
                giveBack()
            }
            defer { group.cancelAll() }
            return try await body(giveBack)
        }
    }

    /// - Returns: false where the task was cancelled before there was a place.
    private func enter(_ server: Server) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (answer, waiting) = state.withLock { state -> (Bool?, Int) in
                    if Task.isCancelled { return (false, state.waiting) }
                    var line = state.lines[server] ?? Line(free: count)
                    defer { state.lines[server] = line }
                    guard line.free == 0 else {
                        line.free -= 1
                        return (true, 0)
                    }
                    line.waiting.append((id, continuation))
                    return (nil, state.waiting + 1)
                }
                if let answer { continuation.resume(returning: answer) } else { tell(waiting) }
            }
        } onCancel: {
            let (waiter, waiting) = state.withLock { state in
                let index = state.lines[server]?.waiting.firstIndex { $0.id == id }
                let waiter = index.flatMap { state.lines[server]?.waiting.remove(at: $0).continuation }
                return (waiter, state.waiting)
            }
            guard let waiter else { return }
            waiter.resume(returning: false)
            tell(waiting)
        }
    }

    private func leave(_ server: Server) {
        let (next, waiting) = state.withLock { state -> (CheckedContinuation<Bool, Never>?, Int) in
            guard var line = state.lines[server] else { return (nil, 0) }
            guard !line.waiting.isEmpty else {
                line.free += 1
                // An API server at which nothing is under way is forgotten.
                state.lines[server] = line.free == count ? nil : line
                return (nil, 0)
            }
            let next = line.waiting.removeFirst().continuation
            state.lines[server] = line
            return (next, state.waiting)
        }
        guard let next else { return }
        next.resume(returning: true)
        tell(waiting)
    }
}
