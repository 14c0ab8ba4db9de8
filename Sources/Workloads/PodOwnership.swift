extension Workload {
    /// True where the pod is one of this workload's own.
    ///
    /// A selector alone is not enough: two workloads may carry overlapping selectors by mistake, and then each
    /// controller still keeps to the pods it owns. StatefulSets and DaemonSets own their pods directly, so the owner's
    /// uid decides. A Deployment owns them through ReplicaSets, which Descry's token need not be able to read: there the
    /// selector must match and the owner must be called `DEPLOYMENT-HASH`, as the deployment controller names them.
    public func owns(_ pod: PodState) -> Bool {
        switch key.kind {
        case .statefulSet, .daemonSet: return pod.ownerUID == uid
        case .deployment:
            guard let hash = pod.labels["pod-template-hash"], selector.matches(pod.labels) else { return false }
            return pod.ownerName.map { $0 == "\(key.name)-\(hash)" } ?? true
        }
    }
}
