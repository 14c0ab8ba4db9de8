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
    /// Runs until the work ends or the process is interrupted; then the work is cancelled and may clean up.
    ///
    /// - Returns: nil where it was interrupted.
    static func ends<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result? {
        let (signals, sources) = listen()
        defer { for source in sources { source.cancel() } }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { return nil }
                throw CancellationError()
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            // What was cancelled says so by an error; anything else that goes wrong while cleaning up must be told.
            while let rest = await group.nextResult() {
                if case .failure(let error) = rest, !(error is CancellationError), first == nil { throw error }
            }
            return first
        }
    }

    /// Suspends until the process is interrupted.
    static func wait() async {
        let (signals, sources) = listen()
        for await _ in signals { break }
        for source in sources { source.cancel() }
    }

    private static func listen() -> (AsyncStream<Void>, [any DispatchSourceSignal]) {
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            #if canImport(Darwin)
                signal(number, SIG_IGN)  // Dispatch's kqueue delivers it all the same
            #endif
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        return (signals, sources)
    }
}
