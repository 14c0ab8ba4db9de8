import Kubernetes
import Workloads

/// What runs in a namespace. Only reads.
public struct WorkloadInventory: Sendable {
    private let cluster: KubernetesClient
    private let namespace: String

    public init(cluster: KubernetesClient, namespace: String) {
        self.cluster = cluster
        self.namespace = namespace
    }

    /// What was found, and whether the namespace is known to be there.
    public struct Reading: Sendable {
        public var workloads: [Workload]
        /// False where nothing was found and the credential may not ask whether there is such a namespace.
        public var isCertain: Bool
    }

    /// - Parameters:
    ///   - kinds: those to list.
    ///   - selector: a label selector, as kubectl takes it.
    /// - Throws: `KubernetesError`: `forbidden` where one of the kinds may not be listed, `missing-namespace` (missing).
    public func read(_ kinds: Set<WorkloadKind>, selector: String?) async throws -> Reading {
        var workloads: [Workload] = []
        for kind in WorkloadKind.allCases where kinds.contains(kind) {
            do {
                workloads += try await cluster.list(kind, namespace: namespace, labelSelector: selector).items
            } catch let error as KubernetesError where error.code == "not-found" {
                continue  // a server that does not have the kind, such as the sandbox, has none of it
            } catch let error as KubernetesError where error.status == 403 {
                throw KubernetesError(
                    code: error.code, category: error.category, status: error.status, reason: error.reason,
                    message: error.message,
                    hint:
                        "descry init must be allowed to list the workloads of namespace \(namespace); --kind names the "
                        + "kinds to look at")
            }
        }
        guard workloads.isEmpty else { return Reading(workloads: workloads, isCertain: true) }
        switch try await cluster.hasNamespace(namespace) {
        case false?:
            throw KubernetesError(
                code: "missing-namespace", category: .missing, status: 404,
                message: "There is no namespace \(namespace) at \(cluster.configuration.server).",
                hint: "Check its name, and the context: kubectl config get-contexts.")
        case true?: return Reading(workloads: [], isCertain: true)
        case nil: return Reading(workloads: [], isCertain: false)
        }
    }
}
