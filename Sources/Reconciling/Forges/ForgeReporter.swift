import Logging
import Reporting

/// Tells forges what became of the commits that environments were asked to run.
///
/// Nothing here delays a pass: every method takes note and returns, and what is to be told is told one after the other to each
/// forge, as forges ask for. Environments whose settings name no token are passed over.
public actor ForgeReporter {
    private struct Lane {
        var queue = ForgeQueue()
        var worker: Task<Void, Never>?
        var sleeper: Task<Void, Never>?
        /// What was said last of a failure, so that one that goes on is not said each time.
        var complaints: [String: String] = [:]
    }

    private let courier: ForgeCourier
    private let clients: ForgeClients
    private let metrics: Metrics?
    private let logger: Logger
    private let time: ForgeTime
    private var lanes: [String: Lane] = [:]
    private var isClosing = false

    /// - Parameter version: of this Descry, for the user agent.
    public init(version: String, metrics: Metrics?, logger: Logger) {
        self.init(version: version, metrics: metrics, logger: logger, time: .system)
    }

    init(version: String, metrics: Metrics?, logger: Logger, time: ForgeTime) {
        clients = ForgeClients(logger: logger)
        courier = ForgeCourier(clients: clients, userAgent: "descry/\(version)", time: time, logger: logger)
        self.metrics = metrics
        self.logger = logger
        self.time = time
    }

    /// A pass at this commit has found something to change, and begins to.
    public func passStarted(_ environment: Environment, commit: String) {
        put(.pending(commit, in: environment), environment)
    }

    /// A pass has come to its end. Only what its report proves is told, of the commit that the report is about.
    public func passEnded(_ environment: Environment, _ report: SyncReport) {
        guard let status = CommitStatus(report) else { return }
        put(status, environment)
    }

    /// A pass at this commit ended without a report.
    ///
    /// - Parameters:
    ///   - message: what kept it from its end, such as the first problem of a descriptor; one line is shown.
    ///   - isRefused: the commit is to blame, so that only another one can help.
    public func passFailed(_ environment: Environment, commit: String, message: String, isRefused: Bool) {
        let status =
            isRefused
            ? CommitStatus(commit: commit, .failure, "Refused, nothing was changed: \(message)")
            : CommitStatus(commit: commit, .error, "Could not be deployed yet: \(message)")
        put(status, environment)
    }

    /// This commit was begun, by a pass that is gone since, and another one is deployed in its place.
    public func superseded(_ environment: Environment, commit: String, by newer: String) {
        let text = "Superseded by \(newer.prefix(10)) before it was proven in \(environment.name)"
        put(CommitStatus(commit: commit, .superseded, text), environment)
    }

    /// What this process remembers of the environment's commits is out of date: to be called when its lease is acquired, since
    /// another replica may have told the forge otherwise. The forge is asked then before it is told.
    public func forget(_ environment: String) {
        for key in lanes.keys { lanes[key]?.queue.forget(environment) }
    }

    /// Tells what can still be told within that time, and lets go of all connections. Nothing is taken after it.
    public func close(within patience: Duration) async {
        isClosing = true
        let workers = lanes.values.compactMap(\.worker)
        for lane in lanes.values { lane.sleeper?.cancel() }
        let time = time
        let deadline = Task {
            do { try await time.sleep(patience) } catch {
                // The workers were done before.
                return
            }
            for worker in workers { worker.cancel() }
        }
        for worker in workers { await worker.value }
        deadline.cancel()
        await clients.close()
    }

    private func put(_ status: CommitStatus, _ environment: Environment) {
        guard let settings = environment.forge?.statuses, !isClosing else { return }
        let key = settings.forge.api.text
        lanes[key, default: Lane()].queue.put(
            .init(
                context: StatusContext(environment, settings), settings: settings, status: status, since: time.now()))
        lanes[key]?.sleeper?.cancel()
        if lanes[key]?.worker == nil { lanes[key]?.worker = Task { await run(key) } }
    }

    private func run(_ key: String) async {
        while !Task.isCancelled, let next = lanes[key]?.queue.next(at: time.now()) {
            switch next {
            case .send(let delivery, let known): await send(delivery, known: known, key)
            case .expired(let delivery):
                metrics?.forgeStatus(.dropped)
                logger.error("A commit status was given up", metadata: metadata(delivery))
            case .wait(let instant):
                if isClosing { return }
                await sleep(until: instant, key)
            case .idle:
                lanes[key]?.worker = nil
                return
            }
        }
    }

    /// Ends early where something new is put in.
    private func sleep(until instant: ContinuousClock.Instant, _ key: String) async {
        let (time, duration) = (time, time.now().duration(to: instant))
        let sleeper = Task {
            do { try await time.sleep(duration) } catch {
                // Woken: the queue says what is next.
            }
        }
        lanes[key]?.sleeper = sleeper
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        lanes[key]?.sleeper = nil
    }

    private func send(_ delivery: ForgeQueue.Delivery, known: CommitStatus?, _ key: String) async {
        do {
            let found = try await courier.deliver(delivery, known: known)
            lanes[key]?.queue.said(found ?? delivery.status, after: delivery)
            lanes[key]?.complaints[delivery.context.environment] = nil
            guard found == nil else { return }
            metrics?.forgeStatus(.sent)
            logger.debug("A commit status is set", metadata: metadata(delivery))
        } catch let failure as ForgeFailure {
            let pause = lanes[key]?.queue.failed(delivery, failure, at: time.now(), chance: time.random())
            metrics?.forgeStatus(pause == nil ? .refused : .failed)
            complain(failure, delivery, pause, key)
        } catch {
            // Cancelled: the process ends, and what was not told is asked for and told by whoever goes on.
            logger.debug("A commit status was not set any more", metadata: metadata(delivery))
        }
    }

    private func complain(_ failure: ForgeFailure, _ delivery: ForgeQueue.Delivery, _ pause: Duration?, _ key: String) {
        let environment = delivery.context.environment
        let isKnown = lanes[key]?.complaints[environment] == failure.code
        lanes[key]?.complaints[environment] = failure.code
        var facts = metadata(delivery)
        facts["code"] = "\(failure.code)"
        facts["reason"] = "\(failure.message)"
        facts["hint"] = failure.hint.map { "\($0)" }
        facts["again"] = "\(pause.map { "in \($0)" } ?? "never")"
        logger.log(level: isKnown ? .debug : .warning, "A commit status could not be set", metadata: facts)
    }

    private func metadata(_ delivery: ForgeQueue.Delivery) -> Logger.Metadata {
        [
            "environment": "\(delivery.context.environment)", "commit": "\(delivery.status.commit)",
            "state": "\(delivery.status.state.rawValue)", "forge": "\(delivery.context.forge)",
        ]
    }
}
