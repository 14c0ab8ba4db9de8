import Git
import Synchronization

/// What a branch points at, as the poller has seen it last, for all who want to know.
final class TipFeed: Sendable {
    enum News: Sendable, Hashable {
        case tip(CommitID)
        /// The server answers, and has no such branch.
        case missing(GitError)
    }

    private struct State {
        var news: News?
        var listeners: [Int: AsyncStream<News>.Continuation] = [:]
        var lastListener = 0
    }

    private let state = Mutex(State())

    /// What is known now; nil before the first answer.
    var current: News? { state.withLock(\.news) }

    /// - Returns: whether that is new.
    @discardableResult
    func publish(_ news: News) -> Bool {
        state.withLock { state in
            guard state.news != news else { return false }
            state.news = news
            for listener in state.listeners.values { listener.yield(news) }
            return true
        }
    }

    /// What is known now, and whatever follows; who is slow gets the newest.
    func updates() -> AsyncStream<News> {
        let (stream, continuation) = AsyncStream<News>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            if let news = state.news { continuation.yield(news) }
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Waits until the branch points elsewhere than at this commit.
    ///
    /// - Throws: `CancellationError`.
    func tip(after known: CommitID) async throws -> CommitID {
        for await news in updates() {
            if case .tip(let tip) = news, tip != known { return tip }
        }
        throw CancellationError()
    }
}
