import Reconciling
import Reporting
import Synchronization

/// Which of the environments that this replica looks after have changes that wait, and what for: for those who ask whether all is
/// well.
final class WaitingEnvironments: Sendable {
    private let holds = Mutex<[String: [Hold]]>([:])

    func record(_ event: LoopEvent) {
        switch event {
        case .passEnded(let environment, let pass):
            guard let report = pass.report else { return }
            holds.withLock { $0[environment.name] = report.waitingFor }
        case .left(let environment): holds.withLock { $0[environment] = nil }
        default: break
        }
    }

    /// A sentence for each, sorted.
    var reasons: [String] {
        holds.withLock { $0 }.sorted { $0.key < $1.key }.flatMap { name, holds in
            holds.map { "\(name) waits: \($0.message)" }
        }
    }
}
