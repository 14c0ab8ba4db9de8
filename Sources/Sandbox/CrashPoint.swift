import Synchronization

/// Ends the client of one account at one of its writes, as `kill -9` ends a process: from then on nothing that it asks for is
/// carried out, a clean-up included. What reaches it are refusals (401), so that it comes to its end soon.
///
/// Only writes that were carried out count. Events, which are no state, do not.
public final class CrashPoint: Sendable {
    public enum Moment: Sendable, Hashable {
        /// The write of this number, counted from 1, is not carried out.
        case before(Int)
        /// It is carried out, and its answer never comes.
        case after(Int)
        /// Writes are only counted.
        case never
    }

    private struct State {
        var writes: [String] = []
        var isReached = false
    }

    private let moment: Moment
    private let state = Mutex(State())

    init(_ moment: Moment) { self.moment = moment }

    /// What was carried out, in order: `patch statefulsets/backend`.
    public var writes: [String] { state.withLock(\.writes) }

    /// The client is dead.
    public var isReached: Bool { state.withLock(\.isReached) }

    /// One write at a time, so that none is carried out beside the one that is the last.
    func perform<Answer: Sendable>(
        _ action: Action, _ write: () throws(StatusError) -> Answer
    ) throws(StatusError) -> Answer {
        guard !Self.isUncounted(action) else { return try write() }
        return try state.withLock { state throws(StatusError) in
            if moment == .before(state.writes.count + 1) { state.isReached = true }
            guard !state.isReached else { throw .unauthorized }
            let answer = try write()
            state.writes.append("\(action.verb) \(action.resource)" + (action.name.isEmpty ? "" : "/\(action.name)"))
            if moment == .after(state.writes.count) {
                state.isReached = true
                throw .unauthorized
            }
            return answer
        }
    }

    private static func isUncounted(_ action: Action) -> Bool {
        ["events", APIResource.accessReviews.plural].contains(action.resource)
    }
}
