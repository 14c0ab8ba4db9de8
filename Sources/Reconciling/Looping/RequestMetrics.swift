import Git
import Kubernetes
import Reporting

extension Metrics {
    /// Counts a question to a git server. To be set as `GitOptions.onRequest`.
    public func count(_ observation: Git.RequestObservation) {
        let outcome: GitRequestOutcome =
            switch observation.error?.category {
            case nil: .ok
            case .refused: .refused
            case .unreachable: .unreachable
            case .denied: .denied
            case .internal: .error
            case .cancelled: .cancelled
            }
        gitRequest(observation.operation.rawValue, outcome, seconds: observation.duration / .seconds(1))
    }

    /// Counts a request to an API server. To be set as `ClientOptions.onRequest`.
    public func count(_ observation: Kubernetes.RequestObservation) {
        kubernetesRequest(
            verb: observation.verb, status: observation.status, seconds: observation.duration / .seconds(1))
    }
}
