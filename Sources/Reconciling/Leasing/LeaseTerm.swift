import Kubernetes
import Synchronization

/// What a holder knows of its lease: the loop that renews it writes here, and those who write to the cluster ask here.
///
/// A lease that could not be renewed in time is not lost by that. Writes wait; nobody else may have taken it, and a renewal that
/// still fits on the `resourceVersion` written last proves that nobody has.
final class LeaseTerm: Sendable {
    private struct State {
        var lease: Lease
        var validUntil: ContinuousClock.Instant
        /// The last renewal was refused, so there is no use in waiting for the next one.
        var refusal: KubernetesError?
        var end: LeaseDenied?
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    private static let unconfirmed = "lock-unconfirmed"

    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    init(_ lease: Lease, validUntil: ContinuousClock.Instant, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        state = Mutex(State(lease: lease, validUntil: validUntil))
        self.now = now
    }

    /// As written last.
    var lease: Lease { state.withLock(\.lease) }
    var end: LeaseDenied? { state.withLock(\.end) }

    /// A renewal is sent. Whether or not its answer comes, others may keep to the term in it from now on.
    func renewing(validUntil: ContinuousClock.Instant) {
        state.withLock { $0.validUntil = min($0.validUntil, validUntil) }
    }

    func renewed(_ lease: Lease, validUntil: ContinuousClock.Instant) {
        change { state in
            state.lease = lease
            state.validUntil = max(state.validUntil, validUntil)
            state.refusal = nil
        }
    }

    /// - Parameter refusal: of the API server; nil where it could not be asked.
    func notRenewed(_ refusal: KubernetesError?) { change { $0.refusal = refusal } }

    func lost(_ end: LeaseDenied) { change { $0.end = end } }

    private func change(_ body: (inout State) -> Void) {
        let listeners = state.withLock { state in
            body(&state)
            return state.listeners.values.map { $0 }
        }
        for listener in listeners { listener.yield() }
    }

    /// - Throws: `KubernetesError` where nothing may be sent at the moment.
    func check() throws(KubernetesError) {
        let now = now()
        try state.withLock { state throws(KubernetesError) in
            if let end = state.end { throw end.refusal }
            if now < state.validUntil { return }
            throw state.refusal
                ?? KubernetesError(
                    code: Self.unconfirmed, category: .unreachable,
                    message: "Not sent: the Lease \(state.lease.name) could not be renewed in time.")
        }
    }

    /// Whether a write may be sent at this moment; false where that may be otherwise a moment later.
    ///
    /// - Throws: `KubernetesError` where nothing may be sent any more.
    func mayWrite() throws(KubernetesError) -> Bool {
        do {
            try check()
            return true
        } catch  where error.code == Self.unconfirmed {
            return false
        }
    }

    /// Waits for as long as the lease can neither be renewed nor is known to be lost.
    ///
    /// - Throws: `KubernetesError` where nothing may be sent any more; `CancellationError`.
    func permit() async throws {
        do {
            return try check()
        } catch  where error.code != Self.unconfirmed {
            throw error
        } catch {
            try await confirmation()
        }
    }

    private func confirmation() async throws {
        let (signals, listener) = listen()
        defer { _ = state.withLock { $0.listeners.removeValue(forKey: listener) } }
        var changes = signals.makeAsyncIterator()
        while true {
            do {
                return try check()
            } catch  where error.code != Self.unconfirmed {
                throw error
            } catch {
                await changes.next()
                try Task.checkCancellation()
            }
        }
    }

    /// Waits until it is lost.
    ///
    /// - Throws: `CancellationError`.
    func untilLost() async throws -> LeaseDenied {
        let (signals, listener) = listen()
        defer { _ = state.withLock { $0.listeners.removeValue(forKey: listener) } }
        var changes = signals.makeAsyncIterator()
        while true {
            if let end { return end }
            await changes.next()
            try Task.checkCancellation()
        }
    }

    private func listen() -> (AsyncStream<Void>, Int) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        return (stream, id)
    }
}
