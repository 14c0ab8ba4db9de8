import FoundationEssentials
import Logging
import Reconciling
import Reporting
import Synchronization

/// Turns genuine deliveries of forges into wake-ups of environments.
///
/// A webhook is a hint: it makes a poll happen now that would have happened anyway. So whatever is doubtful is refused, and
/// what is lost costs at most a poll's interval.
public final class WebhookReceiver: Sendable {
    private let endpoints: @Sendable () async -> [WebhookEndpoint]
    private let metrics: Metrics
    private let logger: Logger
    private let limits: ServerLimits
    private let time: ServerTime
    let debouncer: WakeDebouncer

    private let seen = Mutex(SeenDeliveries())
    private let requests: Mutex<TokenBuckets>
    private let forgeries: Mutex<TokenBuckets>

    /// - Parameters:
    ///   - endpoints: what the environments of this moment listen to.
    ///   - wake: has the environments of these names look at their branch now. Called at most once a
    ///     ``ServerLimits/wakeInterval`` for each environment.
    public convenience init(
        endpoints: @escaping @Sendable () async -> [WebhookEndpoint], limits: ServerLimits = ServerLimits(),
        metrics: Metrics, logger: Logger, wake: @escaping @Sendable (Set<String>) async -> Void
    ) {
        self.init(
            endpoints: endpoints, limits: limits, metrics: metrics, logger: logger, time: .system, wake: wake)
    }

    init(
        endpoints: @escaping @Sendable () async -> [WebhookEndpoint], limits: ServerLimits, metrics: Metrics,
        logger: Logger, time: ServerTime, wake: @escaping @Sendable (Set<String>) async -> Void
    ) {
        self.endpoints = endpoints
        self.metrics = metrics
        self.logger = logger
        self.limits = limits
        self.time = time
        debouncer = WakeDebouncer(interval: limits.wakeInterval, time: time, wake: wake)
        requests = Mutex(TokenBuckets(limits.webhooks))
        forgeries = Mutex(TokenBuckets(limits.forgeries))
    }

    /// What the sender is told. The words are for whoever sets a webhook up; they tell nothing that the sender does not know.
    enum Answer: Sendable, Hashable {
        case woken
        case ignored
        case replayed
        case forged
        case stale
        case malformed
    }

    /// Whether any environment listens to this kind of forge. Where none does, there is no such address.
    func listens(to provider: ForgeProvider) async -> Bool {
        await endpoints().contains { $0.provider == provider }
    }

    /// Whether a request of this address may be read. What counts is its network; see ``ClientNetwork``.
    ///
    /// - Returns: nil, or how long it has to wait.
    func admit(_ provider: ForgeProvider, from address: String) -> Duration? {
        let now = time.now()
        let network = ClientNetwork(of: address).description
        let wait =
            forgeries.withLock { $0.wait(for: network, at: now) }
            ?? requests.withLock { $0.take(for: network, at: now) }
        if wait != nil { metrics.webhook(provider.rawValue, .limited) }
        return wait
    }

    /// Counts a request that was refused before it was whole.
    func refused(_ provider: ForgeProvider, _ result: WebhookResult) {
        metrics.webhook(provider.rawValue, result)
    }

    /// Verifies a delivery, and only then reads it and wakes whom it concerns.
    func receive(_ delivery: WebhookDelivery, from address: String) async -> Answer {
        let (answer, result) = await judge(delivery, from: address)
        metrics.webhook(delivery.provider.rawValue, result)
        return answer
    }

    private func judge(
        _ delivery: WebhookDelivery, from address: String
    ) async -> (Answer, WebhookResult) {
        let all = await endpoints().filter { $0.provider == delivery.provider }
        let metadata: Logger.Metadata = ["provider": "\(delivery.provider.rawValue)", "address": "\(address)"]
        let proofs = verify(delivery, Set(all.map(\.secret)), from: address)
        guard !proofs.isEmpty else {
            logger.warning("A webhook without a valid signature was refused", metadata: metadata)
            return (.forged, .forged)
        }
        let recent = proofs.filter { isRecent($0.value) }
        guard !recent.isEmpty else {
            logger.warning("A webhook was refused: it was signed long ago, or clocks differ", metadata: metadata)
            return (.stale, .replayed)
        }
        // Two hooks of one forge may send the same words under two secrets.
        let new = seen.withLock { seen in recent.filter { seen.insert($0.value.digest, of: $0.key.path) } }
        guard !new.isEmpty else { return (.replayed, .replayed) }
        let event: PushEvent?
        do {
            event = try PushEvent.read(delivery)
        } catch {
            logger.warning("A genuine webhook cannot be read: is its content type JSON?", metadata: metadata)
            return (.malformed, .malformed)
        }
        let environments = Set(
            all.filter { new[$0.secret] != nil && event?.concerns($0) ?? false }.map(\.environment))
        guard !environments.isEmpty else {
            logger.debug("A webhook is no environment's business", metadata: metadata)
            return (.ignored, .ignored)
        }
        logger.info(
            "A webhook wakes environments",
            metadata: metadata.merging(["environments": "\(environments.sorted().joined(separator: " "))"]) { $1 })
        await debouncer.ask(for: environments)
        return (.woken, .woken)
    }

    /// The secrets that the delivery was signed with. Every secret is tried, whichever is right.
    private func verify(
        _ delivery: WebhookDelivery, _ secrets: Set<SecretFile>, from address: String
    ) -> [SecretFile: Verification.Proof] {
        var proofs: [SecretFile: Verification.Proof] = [:]
        if let verification = Verification(delivery) {
            for secret in secrets {
                do throws(SecretFile.Unusable) {
                    proofs[secret] = verification.proof(secret: try secret.read())
                } catch {
                    logger.error("A webhook's secret cannot be used", metadata: ["reason": "\(error)"])
                }
            }
        }
        if proofs.isEmpty {
            let hashed = Double((delivery.body.count * secrets.count) >> 20)
            let network = ClientNetwork(of: address).description
            _ = forgeries.withLock { $0.take(1 + hashed, for: network, at: time.now()) }
        }
        return proofs
    }

    /// How far the sender's clock may be from this one, in seconds: the advice of Standard Webhooks.
    private static let tolerance = 300.0

    private func isRecent(_ proof: Verification.Proof) -> Bool {
        guard let signedAt = proof.signedAt else { return true }
        return abs(time.date().timeIntervalSince1970 - Double(signedAt)) <= Self.tolerance
    }
}
