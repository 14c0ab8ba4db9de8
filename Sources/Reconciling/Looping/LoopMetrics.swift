import Reporting
import Synchronization

/// Counts what happens in the loop.
public final class LoopMetrics: Sendable {
    private let metrics: Metrics
    /// The passes that were counted as begun.
    private let underWay = Mutex<Set<String>>([])

    public init(_ metrics: Metrics) { self.metrics = metrics }

    public func record(_ event: LoopEvent) {
        switch event {
        case .polled, .pollFailed, .hintPassedOn, .changing, .superseded, .progress, .retrying, .unwatched, .watched,
            .notKept:
            break
        case .elsewhere(let environment, _): metrics.set(.elsewhere, of: environment)
        case .taken(let environment):
            metrics.set(leaseHeld: true, of: environment)
            metrics.set(.reconciling, of: environment)
        case .left(let environment):
            metrics.set(leaseHeld: false, of: environment)
            metrics.set(.elsewhere, of: environment)
        case .troubled(let environment, _): metrics.set(.failing, of: environment)
        case .branchMissing(let environment, _): metrics.set(.refused, of: environment)
        case .passStarted(let environment, let start):
            underWay.withLock { _ = $0.insert(start.id) }
            metrics.passStarted()
            // A look now and then says nothing against the environment until it has found something.
            if start.reason == "commit" || start.reason == "start" {
                metrics.set(.reconciling, of: environment.name)
            }
        case .passEnded(let environment, let pass): record(pass, environment.name)
        case .driftFound(let environment, let found):
            metrics.driftFound(found.count, in: environment)
            if found.contains(where: { !$0.isCorrected }) { metrics.set(.drifted, of: environment) }
        case .driftCorrected(let environment, let apps): metrics.driftCorrected(apps.count, in: environment)
        case .driftContested(let environment, let apps):
            metrics.set(driftContested: apps.count, in: environment)
        }
    }

    private func record(_ pass: LoopPass, _ environment: String) {
        guard underWay.withLock({ $0.remove(pass.start.id) }) != nil else { return }
        if let report = pass.report {
            metrics.passEnded(report, seconds: pass.seconds)
        } else {
            metrics.passEnded(
                environment: environment, outcome: pass.status.map(PassOutcome.init(exitStatus:)) ?? .interrupted,
                seconds: pass.seconds)
        }
        let state: EnvironmentState? =
            switch pass.status {
            case .done where pass.report?.preemptedBy != nil: .reconciling
            case .done: pass.report?.apps.contains { $0.outcome == .drifted } ?? false ? .drifted : .upToDate
            case .changesPending: .waiting
            case .refused, .missing: .refused
            case nil: nil
            default: .failing
            }
        if let state { metrics.set(state, of: environment) }
    }
}
