import Synchronization

/// What reached the loop, in order.
final class Wakes: Sendable {
    private let recorded = Mutex<[Set<String>]>([])
    private let (stream, continuation) = AsyncStream<Set<String>>.makeStream()

    var all: [Set<String>] { recorded.withLock { $0 } }

    func record(_ environments: Set<String>) {
        recorded.withLock { $0.append(environments) }
        continuation.yield(environments)
    }

    /// Returns when there have been so many since the last call.
    func next(_ count: Int = 1) async -> [Set<String>] {
        var result: [Set<String>] = []
        for await environments in stream {
            result.append(environments)
            if result.count == count { break }
        }
        return result
    }
}
