import Synchronization

/// Holds what was observed until the consumer asks for it: at most one state per object, however slow the consumer is.
///
/// Changes that follow a snapshot which was not fetched yet become part of it; of several changes to one object the newest is
/// kept, in the place of the first.
final class ObservationBuffer<Object: Sendable>: Sendable {
    private typealias Delivery = Result<Observation<Object>?, any Error>
    private typealias Waiter = CheckedContinuation<Observation<Object>?, any Error>

    private struct State {
        var snapshot: [String: Object]?
        var changes: [String: Change] = [:]
        var order: [String] = []
        var interruption: KubernetesError?
        var ending: Result<Void, any Error>?
        var waiter: Waiter?
    }

    enum Change {
        case changed(Object)
        case deleted(Object)
    }

    private let state = Mutex(State())
    private let name: @Sendable (Object) -> String

    init(name: @escaping @Sendable (Object) -> String) {
        self.name = name
    }

    func replace(_ objects: [Object]) {
        update { state in
            // Names are unique within a namespace and kind; of two the later one counts.
            state.snapshot = Dictionary(objects.map { (name($0), $0) }) { $1 }
            state.changes = [:]
            state.order = []
            state.interruption = nil
        }
    }

    func put(_ change: Change) {
        update { state in
            state.interruption = nil
            switch change {
            case .changed(let object) where state.snapshot != nil: state.snapshot?[name(object)] = object
            case .deleted(let object) where state.snapshot != nil: state.snapshot?[name(object)] = nil
            case .changed(let object), .deleted(let object):
                if state.changes.updateValue(change, forKey: name(object)) == nil { state.order.append(name(object)) }
            }
        }
    }

    func interrupt(_ error: KubernetesError) {
        update { $0.interruption = error }
    }

    func finish(_ ending: Result<Void, any Error>) {
        update { if $0.ending == nil { $0.ending = ending } }
    }

    /// The next observation; nil at the end of the stream. One consumer at a time.
    func next() async throws -> Observation<Object>? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready: Delivery? = state.withLock { state in
                    if let ready = Self.take(&state) { return ready }
                    state.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Ends the stream at once: what was not delivered yet is dropped.
    private func cancel() {
        update { state in
            state = State(ending: .failure(CancellationError()), waiter: state.waiter)
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let (waiter, ready) = state.withLock { state in
            change(&state)
            guard let waiter = state.waiter, let ready = Self.take(&state) else {
                return (nil, nil)
                    as (Waiter?, Delivery?)
            }
            state.waiter = nil
            return (waiter, ready)
        }
        if let waiter, let ready { waiter.resume(with: ready) }
    }

    /// What there is to deliver: first what was observed, then that the server is lost, then the end.
    private static func take(_ state: inout State) -> Delivery? {
        if let snapshot = state.snapshot {
            state.snapshot = nil
            return .success(.snapshot(Array(snapshot.values)))
        }
        if let first = state.order.first {
            state.order.removeFirst()
            switch state.changes.removeValue(forKey: first) {
            case .changed(let object)?: return .success(.changed(object))
            case .deleted(let object)?: return .success(.deleted(object))
            case nil: return nil
            }
        }
        if let interruption = state.interruption {
            state.interruption = nil
            return .success(.interrupted(interruption))
        }
        guard let ending = state.ending else { return nil }
        state.ending = .success(())  // a failure is told once
        return ending.map { nil }
    }
}
