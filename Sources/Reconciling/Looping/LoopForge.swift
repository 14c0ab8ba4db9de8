import Git
import Reporting

/// Passes on to the forge what the loop proves, in the order in which it happens, and without holding it up.
public final class LoopForge: Sendable {
    private let stream: AsyncStream<LoopEvent>
    private let events: AsyncStream<LoopEvent>.Continuation
    private let reporter: ForgeReporter

    public init(_ reporter: ForgeReporter) {
        self.reporter = reporter
        (stream, events) = AsyncStream.makeStream()
    }

    public func record(_ event: LoopEvent) {
        switch event {
        case .taken, .passEnded, .changing, .superseded: events.yield(event)
        default: break
        }
    }

    /// Passes on until ``finish()``.
    public func run() async {
        for await event in stream {
            switch event {
            case .taken(let environment): await reporter.forget(environment)
            case .changing(let environment, let start):
                await reporter.passStarted(environment, commit: start.commit.description)
            case .superseded(let environment, let commit, let newer):
                await reporter.superseded(environment, commit: commit, by: newer.commit.description)
            case .passEnded(let environment, let pass): await report(environment, pass)
            default: break
            }
        }
    }

    public func finish() { events.finish() }

    private func report(_ environment: Environment, _ pass: LoopPass) async {
        if let report = pass.report { return await reporter.passEnded(environment, report) }
        // One that was interrupted says nothing of its commit: another one goes on with it.
        guard let failure = pass.failure, let status = pass.status else { return }
        await reporter.passFailed(
            environment, commit: pass.start.commit.description, message: failure.message,
            isRefused: status == .refused)
    }
}
