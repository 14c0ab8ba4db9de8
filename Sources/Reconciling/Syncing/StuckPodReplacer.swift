import Kubernetes
import Rollouts

/// Deletes broken pods of an older revision, so that their StatefulSet's controller makes them anew and goes on.
struct StuckPodReplacer: Sendable {
    enum Outcome: Sendable {
        /// Deleted, or gone already.
        case replaced
        /// It has to be done by a person, or allowed.
        case refused(message: String, hint: String)
    }

    let cluster: KubernetesClient
    let environment: String
    let namespace: String

    /// - Throws: `CancellationError` only.
    func replace(_ pod: StuckPod) async throws -> Outcome {
        do {
            // False where it is gone already, which is as good.
            _ = try await cluster.deletePod(pod.name, uid: pod.uid, namespace: namespace)
            return .replaced
        } catch let error as KubernetesError {
            let byHand = "kubectl -n \(namespace) delete pod \(pod.name)"
            let why = error.status == 403 ? "the token may not delete it" : error.message
            let grant =
                error.status == 403 ? "; `descry rbac \(environment)` prints the Role that lets Descry do it" : ""
            return .refused(message: why, hint: byHand + grant)
        }
    }
}
