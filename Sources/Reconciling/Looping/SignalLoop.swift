/// One loop that owns all of its state, told by one stream of signals. Work runs beside it and comes back as a signal too, so
/// nothing that hangs keeps it from the rest.
struct SignalLoop<Signal: Sendable> {
    private typealias Job = @Sendable () async -> Void

    /// To tell the loop something, from anywhere.
    let send: @Sendable (Signal) -> Void
    private let jobs: AsyncStream<Job>.Continuation
    private var signals: AsyncStream<Signal>.AsyncIterator
    private let time: LoopTime
    private var nextAlarm: ContinuousClock.Instant?

    /// Runs the loop; work that is under way at its end is cancelled and waited for.
    static func run<Result: Sendable>(
        _ time: LoopTime, _ body: (inout SignalLoop) async throws -> Result
    ) async throws -> Result {
        let (signals, continuation) = AsyncStream<Signal>.makeStream()
        let (jobs, job) = AsyncStream<Job>.makeStream()
        return try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                await withDiscardingTaskGroup { working in
                    for await job in jobs { working.addTask { await job() } }
                    working.cancelAll()
                }
            }
            var loop = SignalLoop(
                send: { continuation.yield($0) }, jobs: job, signals: signals.makeAsyncIterator(), time: time)
            defer { group.cancelAll() }
            return try await body(&loop)
        }
    }

    private init(
        send: @escaping @Sendable (Signal) -> Void, jobs: AsyncStream<Job>.Continuation,
        signals: AsyncStream<Signal>.AsyncIterator, time: LoopTime
    ) {
        self.send = send
        self.jobs = jobs
        self.signals = signals
        self.time = time
    }

    /// Runs the work beside the loop.
    func start(_ work: @escaping @Sendable () async -> Void) { jobs.yield(work) }

    /// Waits for the next signal.
    ///
    /// - Parameters:
    ///   - moment: when to send `alarm`, where nothing else happens before. One that comes too early is harmless: whoever
    ///     gets it looks at the clock.
    /// - Throws: `CancellationError`.
    mutating func next(until moment: ContinuousClock.Instant?, _ alarm: Signal) async throws -> Signal {
        if let nextAlarm, nextAlarm <= time.now() { self.nextAlarm = nil }
        if let moment, nextAlarm.map({ moment < $0 }) ?? true {
            nextAlarm = moment
            start { [send, time] in
                do { try await time.sleep(moment) } catch { return }  // the loop has ended
                send(alarm)
            }
        }
        guard let signal = await signals.next() else { throw CancellationError() }
        return signal
    }
}
