import Logging

extension GitRepository {
    /// Asks the server under the deadlines, and tells how it went.
    func request<Value: Sendable>(
        _ operation: RequestObservation.Operation,
        _ body: @escaping @Sendable (isolated GitRepository, Watchdog) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let start = ContinuousClock.now
        let tell = { (error: GitError?) in
            self.options.onRequest?(
                RequestObservation(operation: operation, error: error, duration: start.duration(to: .now)))
        }
        do throws(GitError) {
            let value = try await bounded(body)
            tell(nil)
            return value
        } catch {
            tell(error)
            throw error
        }
    }

    /// Runs an operation under the deadlines: idle and total.
    private func bounded<Value: Sendable>(
        _ body: @escaping @Sendable (isolated GitRepository, Watchdog) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let watchdog = Watchdog(options.deadlines)
        let work = Task { () async -> Result<Value, GitError> in
            do throws(GitError) { return .success(try await body(self, watchdog)) } catch { return .failure(error) }
        }
        let watch = Task.detached { await watchdog.watch { work.cancel() } }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        watch.cancel()
        if case .failure = result {
            if let deadline = watchdog.expired { throw watchdog.error(for: deadline, remote: remote) }
            if Task.isCancelled { throw .cancelled }
        }
        return try result.get()
    }

    /// One conversation with the server.
    func converse<Value: Sendable>(
        _ watchdog: Watchdog, _ body: nonisolated(nonsending) (Upload) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let agent = options.userAgent
        return try await carrier.converse(.uploadPack, remote, options, watchdog) { conversation throws(GitError) in
            try await body(try await Upload.begin(conversation, agent: agent))
        }
    }

    /// Runs an operation that changes the mirror, alone among all processes.
    func withLock<Value: Sendable>(
        _ body: (isolated GitRepository) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        try Disk.makeFolder(options.cacheDirectory)
        let lock = try await FileLock.take(mirror.lockPath, within: options.deadlines.lock)
        defer { withExtendedLifetime(lock) {} }
        return try await body(self)
    }
}
