import Logging
import Reconciling
import Reporting
import Serving

/// The environments that are in force while `descry run` runs, and who is told when they change.
actor RunConfiguration {
    private var active = ActiveConfiguration()
    private var isRead = false
    private var isEnding = false
    private let loop: Loop
    private let metrics: Metrics
    private let waiting: WaitingEnvironments
    private let logger: Logger

    init(loop: Loop, metrics: Metrics, waiting: WaitingEnvironments, logger: Logger) {
        self.waiting = waiting
        self.loop = loop
        self.metrics = metrics
        self.logger = logger
    }

    /// Takes over what a reading of the folder says, and lets the loop do so.
    func take(_ reading: FolderReading) async {
        let changes = active.take(reading)
        changes.log(to: logger)
        metrics.configurationRead(refused: active.failure == nil ? Array(active.refused.keys) : [reading.folder])
        metrics.set(environments: Set(active.environments.keys))
        isRead = true
        if !changes.isEmpty { await loop.apply(active.environments.values) }
    }

    func end() { isEnding = true }

    var names: Set<String> { Set(active.environments.keys) }

    /// Ready once there is something to look after. A file that is refused later is told, and keeps nothing else from working.
    var readiness: Readiness {
        if isEnding { return Readiness(isReady: false, reasons: ["it is about to end"]) }
        guard isRead else { return Readiness(isReady: false, reasons: ["the environment files are being read"]) }
        return Readiness(isReady: !active.environments.isEmpty, reasons: active.reasons + waiting.reasons)
    }

    /// What the environments of this moment listen to.
    var endpoints: [WebhookEndpoint] {
        active.environments.values.compactMap { environment in
            guard let forge = environment.forge, let secret = forge.webhookSecret else { return nil }
            return WebhookEndpoint(
                environment: environment.name, provider: forge.provider, secret: secret,
                repository: environment.repository, branch: environment.branch)
        }
    }
}
