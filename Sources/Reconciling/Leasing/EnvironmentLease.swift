import Kubernetes
import Logging

/// The Lease `descry-<environment>` in the environment's namespace: one writer at a time, whether loop or command.
public struct EnvironmentLease: Sendable {
    let cluster: KubernetesClient
    let environment: String
    let namespace: String
    let name: String
    let holder: LeaseHolder
    let claim: LeaseClaim
    private let ownTiming: LeaseTiming
    private let leases: @Sendable () -> Int
    let time: LeaseTime
    let logger: Logger

    /// - Parameters:
    ///   - leases: how many leases this process may come to keep at the API server, at the moment: the more, the less often it
    ///     renews and looks.
    public init(
        cluster: KubernetesClient, environment: Environment, holder: LeaseHolder, claim: LeaseClaim = .command,
        timing: LeaseTiming = LeaseTiming(), leases: @escaping @Sendable () -> Int = { 1 },
        time: LeaseTime = .system, logger: Logger
    ) {
        self.cluster = cluster
        self.environment = environment.name
        namespace = environment.namespace
        name = Self.name(environment.name)
        self.holder = holder
        self.claim = claim
        ownTiming = timing
        self.leases = leases
        self.time = time
        var logger = logger
        logger[metadataKey: "lease"] = "\(namespace)/\(name)"
        self.logger = logger
    }

    /// As it is at the moment. What belongs to one term of the lease must be of one timing.
    var timing: LeaseTiming { ownTiming.sharing(leases()) }

    /// The Lease's name: `descry-live` for LIVE.
    public static func name(_ environment: String) -> String { DeploymentHistory.name(environment) }

    /// Acquires the lease, renews it while the body runs, and gives it back at its end. Where it goes to somebody else meanwhile, the
    /// body is cancelled.
    ///
    /// Where the token may not keep the lease, a command's body runs without; ``HeldLease/note`` says so. A replica's does not.
    /// - Parameters:
    ///   - patience: how long to wait for another holder; nil for ever.
    ///   - waiting: is told for whom, each time that it is another.
    /// - Throws: ``LeaseDenied``; `KubernetesError` where the API server cannot be asked; what the body throws.
    public func whileHeld<R: Sendable>(
        patience: Duration?, waiting: @escaping @Sendable (LeaseState) -> Void = { _ in },
        _ body: @escaping @Sendable (HeldLease) async throws -> R
    ) async throws -> R {
        switch try await acquire(patience: patience, waiting: waiting) {
        case .held(let lease, let sentAt, let timing):
            return try await hold(lease, sentAt: sentAt, timing, body)
        case .unavailable(let error):
            guard claim == .command else { throw LeaseDenied.forbidden(error) }
            // Without a namespace there is nothing to lock; the pass says what is missing.
            let note = error.category == .missing ? nil : missing
            return try await body(
                HeldLease(
                    term: nil, note: note, requests: AsyncStream { $0.finish() }, hints: AsyncStream { $0.finish() }))
        }
    }

    private var missing: String {
        "the token may not keep the lock in the Lease \(name): two runs of \(environment) at the same time are not kept apart "
            + "(descry rbac \(environment) prints the rule)"
    }

    private func hold<R: Sendable>(
        _ lease: Lease, sentAt: ContinuousClock.Instant, _ timing: LeaseTiming,
        _ body: @escaping @Sendable (HeldLease) async throws -> R
    ) async throws -> R {
        let term = LeaseTerm(lease, validUntil: sentAt + timing.validity, now: time.now)
        let (requests, asking) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (hints, hinting) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let renewal = LeaseRenewal(lease: self, term: term, requests: asking, hints: hinting)
        // Its own task: an interruption of this one must not end it before the body has cleaned up.
        let renewing = Task { await renewal.run(from: sentAt, timing) }
        let held = HeldLease(term: term, requests: requests, hints: hints)
        let result = await Self.untilLost(term) { try await body(held) }
        renewing.cancel()
        await renewing.value
        if let end = term.end { throw end }
        // Although this task may be cancelled.
        await Task { await renewal.release() }.value
        return try result.get()
    }

    /// Runs the body, and cancels it where the lease is lost.
    private static func untilLost<R: Sendable>(
        _ term: LeaseTerm, _ body: @escaping @Sendable () async throws -> R
    ) async -> Result<R, any Error> {
        await withTaskGroup(of: Result<R, any Error>?.self) { group in
            group.addTask {
                do { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                do { _ = try await term.untilLost() } catch { return nil }  // cancelled: the body has ended
                return nil
            }
            var result: Result<R, any Error>?
            while let next = await group.next() {
                if let next { result = next }
                group.cancelAll()
            }
            return result ?? .failure(CancellationError())
        }
    }
}
