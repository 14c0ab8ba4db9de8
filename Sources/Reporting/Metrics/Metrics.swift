import FoundationEssentials
import Synchronization

/// The numbers about this process that Prometheus asks for: counted by method calls from anywhere, told by ``render()``.
///
/// Series that carry an environment's name exist for the environments of ``set(environments:)`` only: what is recorded of
/// another one is left out, and an environment that goes takes its series along.
public final class Metrics: Sendable {
    private struct State {
        var registry: MetricRegistry
        var states: [String: EnvironmentState] = [:]
        var activePasses = 0

        mutating func set(_ new: EnvironmentState?, of environment: String) {
            if let old = states[environment] { registry.add(-1, to: .environments, [old.rawValue]) }
            states[environment] = new
            if let new { registry.add(1, to: .environments, [new.rawValue]) }
        }
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - version: of this Descry, for `descry_build_info`.
    ///   - now: the calendar's time.
    public convenience init(version: String, now: @escaping @Sendable () -> Date = { Date() }) {
        self.init(version: version, sampleLimit: MetricRegistry.sampleLimit, now: now)
    }

    init(version: String, sampleLimit: Int, now: @escaping @Sendable () -> Date) {
        self.now = now
        var registry = MetricRegistry(sampleLimit: sampleLimit)
        registry.set(.buildInfo, [version], to: 1)
        for metric in [Metric.activePasses, .queueDepth] { registry.set(metric, to: 0) }
        // From 0 on, so that the first failure is an increase.
        for outcome in GitRequestOutcome.allCases { registry.add(0, to: .gitRequests, [outcome.rawValue]) }
        registry.add(0, to: .droppedSamples)
        for state in EnvironmentState.allCases { registry.set(.environments, [state.rawValue], to: 0) }
        state = Mutex(State(registry: registry))
    }

    /// The metrics in Prometheus' text format, those of the process as they are at this moment included.
    public func render() -> String {
        var registry = state.withLock { $0.registry }
        ProcessMetrics.read()?.record(in: &registry)
        return registry.text()
    }

    // MARK: Environments

    /// These are the environments that are configured now, no others.
    public func set(environments: Set<String>) {
        state.withLock { state in
            for gone in Set(state.states.keys).subtracting(environments) {
                state.set(nil, of: gone)
                state.registry.remove(label: "environment", value: gone)
            }
            for new in environments.subtracting(state.states.keys) {
                state.set(.starting, of: new)
                for metric in [Metric.leaseHeld, .driftContested, .revertsStopped] {
                    state.registry.set(metric, [new], to: 0)
                }
                for metric in [Metric.leaseTransitions, .driftFound, .driftCorrected] {
                    state.registry.add(0, to: metric, [new])
                }
                for outcome in [RevertReport.Outcome.committed, .failed] {
                    state.registry.add(0, to: .reverts, [new, outcome.rawValue])
                }
                for metric in [Metric.upToDate, .waiting] { state.registry.set(metric, [new], to: 0) }
            }
        }
    }

    /// An environment is in this state from now on. `descry_environments` and `descry_environment_up_to_date` follow from it.
    public func set(_ environmentState: EnvironmentState, of environment: String) {
        update(environment) { state in
            state.set(environmentState, of: environment)
            if environmentState == .elsewhere {
                state.registry.remove(.upToDate, [environment])
                state.registry.remove(.waiting, [environment])
                state.registry.remove(.lastSuccess, [environment])
                for metric in [Metric.driftContested, .revertsStopped] {
                    state.registry.set(metric, [environment], to: 0)
                }
            } else {
                state.registry.set(.upToDate, [environment], to: environmentState == .upToDate ? 1 : 0)
                state.registry.set(.waiting, [environment], to: environmentState == .waiting ? 1 : 0)
            }
        }
    }

    /// This replica holds the environment's lease, or does so no longer. Each change counts as a transition.
    public func set(leaseHeld isHeld: Bool, of environment: String) {
        update(environment) { state in
            let value: Double = isHeld ? 1 : 0
            guard state.registry.number(.leaseHeld, [environment]) != value else { return }
            state.registry.set(.leaseHeld, [environment], to: value)
            state.registry.add(1, to: .leaseTransitions, [environment])
        }
    }

    /// So many apps were found changed by somebody else.
    public func driftFound(_ apps: Int, in environment: String) {
        update(environment) { $0.registry.add(Double(apps), to: .driftFound, [environment]) }
    }

    /// So many apps were put right.
    public func driftCorrected(_ apps: Int, in environment: String) {
        update(environment) { $0.registry.add(Double(apps), to: .driftCorrected, [environment]) }
    }

    /// So many apps are contested at this moment.
    public func set(driftContested apps: Int, in environment: String) {
        update(environment) { $0.registry.set(.driftContested, [environment], to: Double(apps)) }
    }

    // MARK: Passes

    /// A pass began. Every call must be followed by one of `passEnded`.
    public func passStarted() {
        state.withLock { state in
            state.activePasses += 1
            state.registry.set(.activePasses, to: Double(state.activePasses))
        }
    }

    /// A pass ended with a report: it and its rollouts are counted.
    public func passEnded(_ report: SyncReport, seconds: Double) {
        passEnded(environment: report.environment, outcome: PassOutcome(report), seconds: seconds)
        update(report.environment) { state in
            let stopped = report.revert?.stopped.count ?? 0
            state.registry.set(.revertsStopped, [report.environment], to: Double(stopped))
            guard let outcome = report.revert?.outcome, outcome == .committed || outcome == .failed else { return }
            state.registry.add(1, to: .reverts, [report.environment, outcome.rawValue])
        }
        for app in report.apps {
            guard let outcome = RolloutOutcome(app), let seconds = app.seconds else { continue }
            rolloutEnded(environment: report.environment, outcome: outcome, seconds: seconds)
        }
    }

    /// A pass ended.
    public func passEnded(environment: String, outcome: PassOutcome, seconds: Double) {
        let time = now().timeIntervalSince1970
        state.withLock { state in
            state.activePasses = max(0, state.activePasses - 1)
            state.registry.set(.activePasses, to: Double(state.activePasses))
            state.registry.observe(seconds, in: .passDuration, [outcome.rawValue])
        }
        update(environment) { state in
            state.registry.add(1, to: .passes, [environment, outcome.rawValue])
            if outcome.isSuccess { state.registry.set(.lastSuccess, [environment], to: time) }
        }
    }

    /// The rollout of one app ended.
    ///
    /// - Parameter seconds: from its patch to the verdict.
    public func rolloutEnded(environment: String, outcome: RolloutOutcome, seconds: Double) {
        state.withLock { $0.registry.observe(seconds, in: .rolloutDuration) }
        update(environment) { $0.registry.add(1, to: .rollouts, [environment, outcome.rawValue]) }
    }

    /// So many environments wait for their turn.
    public func set(queueDepth: Int) {
        state.withLock { $0.registry.set(.queueDepth, to: Double(queueDepth)) }
    }

    // MARK: Servers

    /// - Parameter operation: `refs` or `fetch`.
    public func gitRequest(_ operation: String, _ outcome: GitRequestOutcome, seconds: Double) {
        state.withLock { state in
            state.registry.add(1, to: .gitRequests, [outcome.rawValue])
            state.registry.observe(seconds, in: .gitRequestDuration, [operation])
        }
    }

    /// - Parameters:
    ///   - verb: RBAC's word: `get`, `list`, `watch`, `patch` …
    ///   - status: of the answer; nil where there was none.
    public func kubernetesRequest(verb: String, status: Int?, seconds: Double) {
        let code = status.map { (100...599).contains($0) ? "\($0)" : "other" } ?? "none"
        state.withLock { state in
            state.registry.add(1, to: .kubernetesRequests, [verb, code])
            state.registry.observe(seconds, in: .kubernetesRequestDuration, [verb])
        }
    }

    /// - Parameter provider: the word in the webhook's address.
    public func webhook(_ provider: String, _ result: WebhookResult) {
        state.withLock { $0.registry.add(1, to: .webhooks, [provider, result.rawValue]) }
    }

    public func forgeStatus(_ outcome: ForgeStatusOutcome) {
        state.withLock { $0.registry.add(1, to: .forgeStatuses, [outcome.rawValue]) }
    }

    // MARK: Configuration

    /// The environment files were read; these are refused.
    ///
    /// - Parameter files: names without their folder.
    public func configurationRead(refused files: some Sequence<String> & Sendable) {
        state.withLock { state in
            state.registry.removeAll(.configurationRefused)
            for file in files { state.registry.set(.configurationRefused, [file], to: 1) }
            let isValid = state.registry.samples[.configurationRefused]?.isEmpty ?? true
            state.registry.set(.configurationValid, to: isValid ? 1 : 0)
        }
    }

    private func update(_ environment: String, _ change: (inout State) -> Void) {
        state.withLock { state in
            guard state.states[environment] != nil else { return }
            change(&state)
        }
    }
}
