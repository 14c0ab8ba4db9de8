import Kubernetes
import Workloads

/// Reads what runs: one list a kind, or each workload by name where the token may not list (a Role with
/// `resourceNames`).
struct WorkloadReader: Sendable {
    let cluster: KubernetesClient
    let namespace: String

    private static let readsInFlight = 32

    /// - Returns: what was found, and a note for each kind that cannot be listed.
    /// - Throws: `KubernetesError`.
    func read(_ keys: [WorkloadKey]) async throws -> (observed: [WorkloadKey: Workload], notes: [String]) {
        var observed: [WorkloadKey: Workload] = [:]
        var notes: [String] = []
        for kind in WorkloadKind.allCases {
            let wanted = keys.filter { $0.kind == kind }
            if wanted.isEmpty { continue }
            let found: [Workload]
            do {
                found = try await cluster.list(kind, namespace: namespace).items
            } catch let error as KubernetesError where error.status == 403 {
                notes.append("the token may not list \(kind.resource) in \(namespace): reading them by name")
                found = try await byName(wanted)
            }
            for workload in found { observed[workload.key] = workload }
        }
        return (observed, notes)
    }

    private func byName(_ keys: [WorkloadKey]) async throws -> [Workload] {
        try await concurrentMap(keys, limit: Self.readsInFlight) { key in
            try await cluster.workload(key, namespace: namespace)
        }.compactMap { $0 }
    }
}
