import FoundationEssentials
import Kubernetes
import Planning
import Reporting
import Workloads

/// Finds out who changed what has drifted, and tells it on the workloads themselves.
struct DriftInquiry: Sendable {
    let environment: Environment
    let cluster: KubernetesClient

    struct Question: Sendable {
        var app: String
        var finding: DriftBoard.Finding
        var isCorrected: Bool
        var isContested: Bool
    }

    /// So many apps are asked about: where more have drifted, one of them tells as much as all.
    private static let limit = 20
    private static let requestsInFlight = 8
    /// Putting it right does not wait for longer.
    private static let patience = Duration.seconds(2)

    func ask(_ questions: [Question]) async -> [FoundDrift] {
        let client = cluster.before(.now + Self.patience)
        let found =
            await concurrentMap(Array(questions.prefix(Self.limit)), limit: Self.requestsInFlight) { question in
                var found = FoundDrift(question)
                guard !found.changes.isEmpty else { return found }
                do {
                    let writers = try await client.writers(
                        of: found.changes.map(\.path), in: found.workload, namespace: environment.namespace)
                    found.writers = writers.map(\.description)
                } catch {
                    found.writers = []  // it is told without the name
                }
                return found
            } + questions.dropFirst(Self.limit).map(FoundDrift.init)
        await post(found)
        return found
    }

    /// What is put right is told by the pass that does so.
    private func post(_ found: [FoundDrift]) async {
        let left = found.filter { !$0.isCorrected && !$0.uid.isEmpty }
        guard !left.isEmpty else { return }
        let events = EventRecorder(cluster: cluster, environment: environment)
        for drift in left { events.record(drift.isContested ? .driftContested(drift) : .driftFound(drift)) }
        _ = await events.flush(within: Self.patience)
    }
}

extension FoundDrift {
    fileprivate init(_ question: DriftInquiry.Question) {
        let finding = question.finding
        self.init(
            app: question.app, workload: finding.workload, uid: finding.uid, changes: finding.changes,
            problem: finding.problem, writers: [], isCorrected: question.isCorrected,
            isContested: question.isContested)
    }
}
