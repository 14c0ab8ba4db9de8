import FoundationEssentials
import Kubernetes
import Reporting
import Workloads

/// Finds out who changed what has drifted, and tells it on the workloads themselves.
struct DriftInquiry: Sendable {
    let environment: Environment
    let cluster: KubernetesClient
    let drift: DriftWatch

    /// So many apps are asked about: where more have drifted, one of them tells as much as all.
    private static let limit = 20
    private static let requestsInFlight = 8
    /// Putting it right does not wait for longer.
    private static let patience = Duration.seconds(2)

    func ask(
        _ findings: [(app: String, finding: DriftBoard.Finding, isCorrected: Bool)],
        contested: [String: ContinuousClock.Instant]
    ) async -> [FoundDrift] {
        let client = cluster.before(.now + Self.patience)
        let asked = findings.prefix(Self.limit)
        let found = await concurrentMap(Array(asked), limit: Self.requestsInFlight) { entry in
            var found = FoundDrift(entry)
            guard !found.changes.isEmpty else { return found }
            do {
                let writers = try await client.writers(
                    of: found.changes.map(\.path), in: found.workload, namespace: environment.namespace)
                found.writers = writers.map(\.description)
            } catch {
                // It is told without the name.
                found.writers = []
            }
            return found
        } + findings.dropFirst(Self.limit).map(FoundDrift.init)
        await post(found, contested)
        return found
    }

    /// What is put right is told by the pass that does so.
    private func post(_ found: [FoundDrift], _ contested: [String: ContinuousClock.Instant]) async {
        let left = found.filter { !$0.isCorrected && !$0.uid.isEmpty }
        guard !left.isEmpty else { return }
        let events = EventRecorder(cluster: cluster, environment: environment)
        for drift in left {
            let until = contested[drift.app]
            events.record(until == nil ? .driftFound(drift) : .driftContested(drift))
        }
        _ = await events.flush(within: Self.patience)
    }
}

extension FoundDrift {
    fileprivate init(_ entry: (app: String, finding: DriftBoard.Finding, isCorrected: Bool)) {
        self.init(
            app: entry.app, workload: entry.finding.workload, uid: entry.finding.uid, changes: entry.finding.changes,
            problem: entry.finding.problem, writers: [], isCorrected: entry.isCorrected)
    }
}
