/// The states of all objects of a kind in a namespace, from now on: a list, then a watch, for as long as it is iterated.
///
/// Each iteration has a watch of its own; it ends, with its HTTP request, when the iterating task is cancelled or the
/// iterator is dropped. A consumer that is slow gets fewer, newer states; the memory held is bounded by the number of objects.
///
/// It survives a server that restarts, connections that break, silence, and a lost history. It throws ``KubernetesError``
/// of category `denied` (the token may not list or watch: fall back to reading by name), `refused` or `internal`.
public struct Observations<Object: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Observation<Object>

    let name: @Sendable (Object) -> String
    let run: @Sendable (ObservationBuffer<Object>) async throws -> Void

    public func makeAsyncIterator() -> Iterator {
        Iterator(subscription: Subscription(name: name, run: run))
    }

    public struct Iterator: AsyncIteratorProtocol {
        let subscription: Subscription

        public mutating func next() async throws -> Observation<Object>? {
            try await subscription.next()
        }
    }

    /// Owns the task that lists and watches; it ends with the last reference.
    final class Subscription: Sendable {
        let buffer: ObservationBuffer<Object>
        private let task: Task<Void, Never>

        init(
            name: @escaping @Sendable (Object) -> String,
            run: @escaping @Sendable (ObservationBuffer<Object>) async throws -> Void
        ) {
            let buffer = ObservationBuffer<Object>(name: name)
            self.buffer = buffer
            task = Task {
                do {
                    try await run(buffer)
                    buffer.finish(.success(()))
                } catch {
                    buffer.finish(.failure(error))
                }
            }
        }

        /// Where the consumer is cancelled, the HTTP request ends at once, however long the iterator lives.
        func next() async throws -> Observation<Object>? {
            try await withTaskCancellationHandler {
                try await buffer.next()
            } onCancel: {
                task.cancel()
            }
        }

        deinit {
            task.cancel()
        }
    }
}
