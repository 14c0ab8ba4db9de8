import Synchronization

/// Lets no more than so many requests be in flight, and the others wait in the order of ``RequestQueue``.
final class RequestGate: Sendable {
    typealias Claim = RequestQueue.Claim

    /// A request's place among those in flight. It is given back by ``leave()``, or with its last reference.
    final class Place: Sendable {
        private let gate: RequestGate
        private let claim: Claim
        private let isGivenBack = Atomic(false)

        fileprivate init(_ gate: RequestGate, _ claim: Claim) {
            self.gate = gate
            self.claim = claim
        }

        deinit { leave() }

        func leave() {
            if !isGivenBack.exchange(true, ordering: .relaxed) { gate.leave(claim) }
        }
    }

    private struct State {
        var queue: RequestQueue
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var lastID = 0
    }

    private let state: Mutex<State>

    init(limit: Int) { state = Mutex(State(queue: RequestQueue(limit: limit))) }

    /// How many requests are in flight, and how many wait.
    var load: (inFlight: Int, waiting: Int) { state.withLock { ($0.queue.inFlight, $0.queue.waiting) } }

    /// A place, where one is free and nobody waits for it.
    func enterAtOnce(_ claim: Claim) -> Place? {
        state.withLock { $0.queue.enterAtOnce(claim) } ? Place(self, claim) : nil
    }

    /// Waits for a place.
    ///
    /// - Throws: `CancellationError`, at once.
    func enter(_ claim: Claim) async throws -> Place {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let isAdmitted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.queue.enter(id, claim) { return true }
                    state.waiters[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.queue.giveUp(id) ? state.waiters.removeValue(forKey: id) : nil
            }
            waiter?.resume(returning: false)
        }
        guard isAdmitted else { throw CancellationError() }
        return Place(self, claim)
    }

    private func leave(_ claim: Claim) {
        let admitted = state.withLock { state in
            state.queue.leave(claim).compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in admitted { waiter.resume(returning: true) }
    }
}
