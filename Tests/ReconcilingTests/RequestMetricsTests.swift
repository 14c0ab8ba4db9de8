import Reconciling
import Reporting
import Testing

@testable import Git
@testable import Kubernetes

/// How requests to git servers and API servers are counted.
@Suite struct RequestMetricsTests {
    private func has(_ metrics: Metrics, _ line: String) -> Bool {
        metrics.render().split(separator: "\n").contains { $0 == line }
    }

    @Test(arguments: [
        (GitError.Category?.none, "ok"), (.refused, "refused"), (.unreachable, "unreachable"), (.denied, "denied"),
        (.internal, "error"), (.cancelled, "cancelled"),
    ])
    func git(category: GitError.Category?, outcome: String) {
        let metrics = Metrics(version: "1.0.0")
        let error = category.map { GitError(code: "code", message: "message", category: $0) }
        metrics.count(Git.RequestObservation(operation: .refs, error: error, duration: .milliseconds(250)))
        #expect(has(metrics, "descry_git_requests_total{outcome=\"\(outcome)\"} 1"))
        #expect(has(metrics, "descry_git_request_duration_seconds_sum{operation=\"refs\"} 0.25"))
    }

    @Test(arguments: [(200, "200"), (503, "503"), (nil, "none")])
    func kubernetes(status: Int?, code: String) {
        let metrics = Metrics(version: "1.0.0")
        metrics.count(
            Kubernetes.RequestObservation(verb: "patch", resource: "pods", status: status, duration: .seconds(2)))
        #expect(has(metrics, "descry_kubernetes_requests_total{verb=\"patch\",code=\"\(code)\"} 1"))
        #expect(has(metrics, "descry_kubernetes_request_duration_seconds_count{verb=\"patch\"} 1"))
    }
}
