import Workloads

extension KubernetesClient {
    /// All workloads of a kind, from now on.
    ///
    /// - Parameters:
    ///   - fieldSelector: `metadata.name=NAME` is allowed to a Role that names that workload only (`resourceNames`).
    ///   - list: of the same scope, read a moment ago: it is the first snapshot, and not read again.
    public func observe(
        _ kind: WorkloadKind, namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil,
        after list: ResourceList<Workload>? = nil
    ) -> Observations<Workload> {
        let scope = ListScope(.init(kind), namespace, labelSelector, fieldSelector)
        return switch kind {
        case .statefulSet: observe(StatefulSetObject.self, scope, list)
        case .deployment: observe(DeploymentObject.self, scope, list)
        case .daemonSet: observe(DaemonSetObject.self, scope, list)
        }
    }

    /// The namespace's pods, from now on.
    public func observePods(
        namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil
    ) -> Observations<PodState> {
        observe(PodObject.self, ListScope(.pods, namespace, labelSelector, fieldSelector), nil)
    }

    private func observe<Object: ClusterObject>(
        _ type: Object.Type, _ scope: ListScope, _ list: ResourceList<Object.Value>?
    ) -> Observations<Object.Value> {
        Observations(name: { Object.name(of: $0) }) { buffer in
            try await Observer<Object>(client: withoutRetries, scope: scope, buffer: buffer).run(after: list)
        }
    }
}
