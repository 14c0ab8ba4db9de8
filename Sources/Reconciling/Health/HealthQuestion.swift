import Descriptors
import Documents
import Kubernetes
import Workloads

/// One question to one pod.
struct HealthQuestion: Sendable {
    let cluster: KubernetesClient
    let namespace: String

    /// - Throws: `CancellationError` only.
    func reply(to check: HealthCheck, from pod: String) async throws -> HealthReply {
        do {
            let answer = try await cluster.podProxy(
                pod, port: check.port, path: check.path, namespace: namespace, limit: HealthAnswer.bodyLimit)
            let problem = HealthAnswer(status: answer.status, body: answer.body).problem(expecting: check.expect)
            guard let problem else { return .good }
            return try await blame(pod, for: problem)
        } catch let error as KubernetesError {
            return switch (error.category, error.status) {
            case (.denied, 403): .refused(Self.forbidden(error))
            case (.denied, _): .refused(error)
            case (.missing, _): .gone
            // The pod may be the silent one as well as the API server.
            case (.unreachable, nil) where error.code == "timed-out":
                try await blame(pod, for: "was not answered within \(DurationText.format(KubernetesClient.podTimeout))")
            case (.unreachable, nil): .unheard(error)
            default: try await blame(pod, for: "was not answered: \(TerminalText.escaped(error.message))")
            }
        }
    }

    /// A pod that is on its way out, or has only just come, is not to blame, nor is any while the API server does not answer.
    private func blame(_ pod: String, for problem: String) async throws -> HealthReply {
        do {
            let brief = cluster.before(.now + KubernetesClient.podTimeout)
            guard let state = try await brief.pod(pod, namespace: namespace), !state.isBeingDeleted else {
                return .gone
            }
            return state.hasBeenReady ? .bad(problem) : .starting(problem)
        } catch let error as KubernetesError where error.category == .unreachable {
            return .unheard(error)
        } catch is KubernetesError {
            return .bad(problem)
        }
    }

    private static func forbidden(_ error: KubernetesError) -> KubernetesError {
        KubernetesError(
            code: error.code, category: error.category, status: error.status, reason: error.reason,
            message: error.message,
            hint: "`descry rbac ENV --health` prints the Role that allows it; with `--named` the descriptor decides.")
    }
}
