import Kubernetes
import Workloads

/// Reads what runs: one list a kind, or each workload by name where the token may not list (a Role with
/// `resourceNames`).
struct WorkloadReader: Sendable {
    let cluster: KubernetesClient
    let namespace: String

    private static let readsInFlight = 32

    struct Reading: Sendable {
        var workloads: [WorkloadKey: Workload] = [:]
        /// The kinds that were listed: a watch goes on from there.
        var lists: [WorkloadKind: ResourceList<Workload>] = [:]
        /// The kinds that the token may not list.
        var unlistable: Set<WorkloadKind> = []
        /// What to tell a person about them.
        var notes: [String] = []
    }

    /// - Throws: `KubernetesError`.
    func read(_ keys: [WorkloadKey]) async throws -> Reading {
        var reading = Reading()
        for kind in WorkloadKind.allCases {
            let wanted = keys.filter { $0.kind == kind }
            if wanted.isEmpty { continue }
            let found: [Workload]
            do {
                let list = try await cluster.list(kind, namespace: namespace)
                reading.lists[kind] = list
                found = list.items
            } catch let error as KubernetesError where error.status == 403 {
                reading.unlistable.insert(kind)
                reading.notes.append(
                    "the token may not list \(kind.resource) in \(namespace): reading each by name, every second while "
                        + "waiting")
                found = try await byName(wanted)
            }
            for workload in found { reading.workloads[workload.key] = workload }
        }
        return reading
    }

    private func byName(_ keys: [WorkloadKey]) async throws -> [Workload] {
        try await concurrentMap(keys, limit: Self.readsInFlight) { key in
            try await cluster.workload(key, namespace: namespace)
        }.compactMap { $0 }
    }
}
