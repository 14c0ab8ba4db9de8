import Git
import Synchronization

/// Asks one repository for its branches, once for all environments that share it.
final class RepositoryPoller: Sendable {
    enum Signal: Sendable {
        case hint
        /// Somebody wants to know a branch.
        case joined
        case answered(Result<RemoteRefs, GitError>)
        case alarm
    }

    let repository: GitRepository
    private let interval: Duration
    private let time: LoopTime
    private let tell: @Sendable (LoopEvent) -> Void
    private let signals: AsyncStream<Signal>
    private let signal: AsyncStream<Signal>.Continuation
    private let feeds = Mutex<[BranchName: (feed: TipFeed, users: Int)]>([:])
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(
        _ repository: GitRepository, interval: Duration, time: LoopTime, tell: @escaping @Sendable (LoopEvent) -> Void
    ) {
        self.repository = repository
        self.interval = interval
        self.time = time
        self.tell = tell
        (signals, signal) = AsyncStream.makeStream()
    }

    /// Asks for the branch from now on, for as long as the body runs.
    func following<Result: Sendable>(
        _ branch: BranchName, _ body: (TipFeed) async throws -> Result
    ) async throws -> Result {
        let feed = feeds.withLock { feeds in
            feeds[branch, default: (TipFeed(), 0)].users += 1
            return feeds[branch, default: (TipFeed(), 1)].feed
        }
        defer {
            feeds.withLock { feeds in
                feeds[branch]?.users -= 1
                if feeds[branch]?.users == 0 { feeds[branch] = nil }
            }
        }
        task.withLock { task in
            if task == nil { task = Task { await run() } }
        }
        signal.yield(.joined)
        return try await body(feed)
    }

    /// Something may have changed: the repository is asked soon, if there is anybody who wants to know.
    func hint() {
        guard task.withLock({ $0 }) != nil else { return }
        signal.yield(.hint)
    }

    /// Ends polling, and closes the repository.
    func close() async {
        let task = task.withLock { $0 }
        task?.cancel()
        await task?.value
        await repository.close()
    }

    private func run() async {
        do {
            try await SignalLoop<Signal>.run(time) { loop in
                loop.start { [signals, send = loop.send] in for await signal in signals { send(signal) } }
                try await poll(&loop)
            }
        } catch {
            return  // cancelled
        }
    }

    private func poll(_ loop: inout SignalLoop<Signal>) async throws {
        var schedule = PollSchedule(interval: interval, now: time.now())
        var isFresh = false
        while true {
            if let due = schedule.due, due <= time.now() {
                schedule.started(time.now())
                loop.start { [self, send = loop.send] in
                    do throws(GitError) {
                        let refs = try await repository.refs()
                        await fetch(refs)
                        send(.answered(.success(refs)))
                    } catch {
                        send(.answered(.failure(error)))
                    }
                }
            }
            switch try await loop.next(until: schedule.due, .alarm) {
            case .alarm: break
            case .hint: schedule.hinted(time.now())
            // Many join at the same moment, at the start: one question is enough for all of them.
            case .joined: if isFresh { schedule.hinted(time.now()) }
            case .answered(.success(let refs)):
                schedule.answered(time.now(), chance: time.random())
                isFresh = true
                publish(refs)
            case .answered(.failure(let error)):
                schedule.failed(time.now(), retryAfter: error.retryAfter, chance: time.random())
                tell(.pollFailed(repository.remote, error))
            }
        }
    }

    /// Fetches what is new of all branches together, before each environment asks for its own.
    private func fetch(_ refs: RemoteRefs) async {
        let followed = feeds.withLock { Set($0.keys) }
        do throws(GitError) {
            try await repository.fetch(tips: refs.branches.filter { followed.contains($0.key) })
        } catch {
            return  // each environment then fetches its own, and tells why that fails
        }
    }

    private func publish(_ refs: RemoteRefs) {
        let all = feeds.withLock { $0.mapValues(\.feed) }
        for (branch, feed) in all {
            do throws(GitError) {
                feed.publish(.tip(try refs.tip(of: branch, remote: repository.remote)))
            } catch {
                feed.publish(.missing(error))
            }
        }
        tell(.polled(repository.remote, branches: refs.branches.count))
    }
}
