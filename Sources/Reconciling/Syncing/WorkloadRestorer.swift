import Kubernetes
import Planning
import Reporting
import Workloads

/// Writes back what a workload was before a pass changed it.
struct WorkloadRestorer: Sendable {
    let cluster: KubernetesClient
    let namespace: String

    /// Writes back images and annotations, and the strategy where it is given. What somebody else has deployed meanwhile is left
    /// as it is.
    ///
    /// - Parameter known: the workload as last seen; nil to read it first.
    /// - Throws: `CancellationError` only: one workload that cannot be taken back must not keep the others from it.
    func restore(
        _ course: Course, from known: Workload?, strategy: UpdateStrategy?
    ) async throws -> Result<Workload, AppReport.Failure> {
        let key = course.planned.key
        do {
            var current = known
            for _ in 0..<WorkloadWriter.attempts {
                if current == nil { current = try await cluster.workload(key, namespace: namespace) }
                guard let workload = current, workload.uid == course.workload.uid else { return .failure(.gone(key)) }
                guard course.isOurs(workload) else { return .failure(.superseded(key, namespace)) }
                do {
                    // By force: what it takes over, if anything, are fields that this pass took over before.
                    return .success(
                        try await cluster.apply(
                            course.patchBefore(workload, strategy: strategy), namespace: namespace, force: true))
                } catch let error as KubernetesError where error.category == .conflict {
                    current = nil
                }
            }
            return .failure(.contended(key))
        } catch let error as KubernetesError {
            return .failure(AppReport.Failure(error))
        }
    }
}

extension AppReport.Failure: Error {}

extension AppReport.Failure {
    fileprivate static func gone(_ key: WorkloadKey) -> Self {
        Self(code: "deleted", message: "\(key) was deleted meanwhile, so there is nothing to take back")
    }

    fileprivate static func superseded(_ key: WorkloadKey, _ namespace: String) -> Self {
        Self(
            code: "superseded", message: "somebody else has deployed to \(key) meanwhile; it is left as it is",
            hint: "See who: kubectl -n \(namespace) get \(key) --show-managed-fields -o yaml")
    }

    fileprivate static func contended(_ key: WorkloadKey) -> Self {
        Self(
            code: "contended", message: "\(key) changed \(WorkloadWriter.attempts) times while it was to be rolled back"
        )
    }
}
