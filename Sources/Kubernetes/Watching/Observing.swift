import Workloads

extension KubernetesClient {
    /// All workloads of a kind, from now on.
    ///
    /// - Parameter fieldSelector: `metadata.name=NAME` is allowed to a Role that names that workload only (`resourceNames`).
    public func observe(
        _ kind: WorkloadKind, namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil
    ) -> Observations<Workload> {
        let scope = ListScope(.init(kind), namespace, labelSelector, fieldSelector)
        return switch kind {
        case .statefulSet: observe(StatefulSetObject.self, scope)
        case .deployment: observe(DeploymentObject.self, scope)
        case .daemonSet: observe(DaemonSetObject.self, scope)
        }
    }

    /// The namespace's pods, from now on.
    public func observePods(
        namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil
    ) -> Observations<PodState> {
        observe(PodObject.self, ListScope(.pods, namespace, labelSelector, fieldSelector))
    }

    private func observe<Object: ClusterObject>(_ type: Object.Type, _ scope: ListScope) -> Observations<Object.Value> {
        Observations(name: { Object.name(of: $0) }) { buffer in
            try await Observer<Object>(client: withoutRetries, scope: scope, buffer: buffer).run()
        }
    }
}
