import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Ctrl-C, and what service managers and CI servers send.
enum Interruption {
    enum Outcome<Result: Sendable>: Sendable {
        case finished(Result)
        /// By this signal.
        case interrupted(Int32)
    }

    /// Runs until the work ends or the process is interrupted; then the work is cancelled and may clean up. Work that comes to
    /// its end all the same has finished.
    static func ends<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Outcome<Result> {
        let (signals, sources) = listen()
        defer { for source in sources { source.cancel() } }
        return try await withThrowingTaskGroup(of: Outcome<Result>.self) { group in
            group.addTask { .finished(try await work()) }
            group.addTask {
                for await number in signals { return .interrupted(number) }
                throw CancellationError()
            }
            guard var outcome = try await group.next() else { throw CancellationError() }
            group.cancelAll()
            // What was cancelled says so by an error; anything else that goes wrong while cleaning up must be told.
            while let rest = await group.nextResult() {
                guard case .interrupted = outcome else { continue }
                switch rest {
                case .success(let finished): outcome = finished
                case .failure(let error): if !(error is CancellationError) { throw error }
                }
            }
            return outcome
        }
    }

    /// Suspends until the process is interrupted.
    static func wait() async {
        let (signals, sources) = listen()
        for await _ in signals { break }
        for source in sources { source.cancel() }
    }

    private static func listen() -> (AsyncStream<Int32>, [any DispatchSourceSignal]) {
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            #if canImport(Darwin)
                signal(number, SIG_IGN)  // Dispatch's kqueue delivers it all the same
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        return (signals, sources)
    }
}
