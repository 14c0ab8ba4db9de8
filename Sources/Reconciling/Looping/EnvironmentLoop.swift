import Git
import Kubernetes
import Logging
import Reporting
import Synchronization

/// Looks after one environment for as long as it runs: takes its lease, and while it has it, makes a pass whenever one is due.
///
/// Level-based: whatever happens only wakes it, and a pass takes nothing but the environment. What is to be done next is decided
/// by ``EnvironmentAgenda``.
final class EnvironmentLoop: Sendable {
    let environment: Environment
    private let context: LoopContext
    /// Where hints go, while there is somebody to take them.
    private let inbox = Mutex<(@Sendable (EnvironmentTerm.Signal) -> Void)?>(nil)
    private let poller = Mutex<RepositoryPoller?>(nil)
    private let relay = Mutex<HintRelay?>(nil)

    init(_ environment: Environment, _ context: LoopContext) {
        self.environment = environment
        self.context = context
    }

    /// Runs until the task is cancelled: then the pass under way is ended and recorded, and the lease given back.
    func run() async {
        var backOff = BackOff(first: context.settings.firstRetry, longest: context.settings.longestRetry)
        while !Task.isCancelled {
            let pause: Duration
            do {
                try await hold()
                backOff.succeeded()
                continue  // handed over: wait for it again
            } catch LeaseDenied.lost {
                backOff.succeeded()
                continue
            } catch {
                if Task.isCancelled { return }
                context.tell(.troubled(environment: environment.name, AppReport.Failure(ending: error)))
                pause = backOff.failed(chance: context.time.random())
            }
            do { try await context.time.sleep(context.time.now() + pause) } catch { return }
        }
    }

    /// Somebody says that something may have changed.
    ///
    /// - Parameter passesOn: where another replica looks after the environment, it is told.
    func wake(passesOn: Bool) {
        poller.withLock { $0 }?.hint()
        if let send = inbox.withLock({ $0 }) {
            send(.hint)
        } else if passesOn {
            relay.withLock { $0 }?.pass()
        }
    }

    /// For one term of the lease.
    private func hold() async throws {
        let (environment, context) = (environment, context)
        try await context.connections.with(environment) { [self] poller, cluster in
            self.poller.withLock { $0 = poller }
            defer { self.poller.withLock { $0 = nil } }
            let lease = EnvironmentLease(
                cluster: cluster, environment: environment, holder: context.holder, claim: context.claim,
                timing: context.settings.leaseTiming, leases: { context.leases.count(beside: environment) },
                time: context.time.lease, logger: context.logger)
            let relay = HintRelay(lease, context)
            self.relay.withLock { $0 = relay }
            defer { self.relay.withLock { $0 = nil } }
            async let _ = relay.run()
            try await lease.whileHeld(
                patience: nil,
                waiting: { context.tell(.elsewhere(environment: environment.name, holder: $0.holder)) }
            ) { [self] held in
                context.tell(.taken(environment: environment.name))
                defer { context.tell(.left(environment: environment.name)) }
                try await poller.following(environment.branch) { feed in
                    try await look(after: feed, poller.repository, held.guarding(cluster), held)
                }
            }
        }
    }

    private func look(
        after feed: TipFeed, _ repository: GitRepository, _ cluster: KubernetesClient, _ held: HeldLease
    ) async throws {
        defer { inbox.withLock { $0 = nil } }
        try await SignalLoop<EnvironmentTerm.Signal>.run(context.time) { loop in
            inbox.withLock { [send = loop.send] in $0 = send }
            loop.start { [self] in for await _ in held.hints { wake(passesOn: false) } }
            let drift = DriftWatch(
                cluster: cluster, environment: environment, changed: { [send = loop.send] in send(.drift) },
                blinded: { [send = loop.send] in send(.unwatched($0)) },
                sighted: { [send = loop.send] in send(.watched) })
            var term = EnvironmentTerm(
                environment: environment, context: context, repository: repository, cluster: cluster, feed: feed,
                drift: drift, poll: { [self] in poller.withLock { $0 }?.hint() })
            let result: Result<Void, any Error>
            do {
                result = .success(try await term.run(&loop, requests: held.requests))
            } catch {
                result = .failure(error)
            }
            await drift.stop()
            try result.get()
        }
    }
}
