import TestServers
import Testing

/// Interruptions of the API server itself, which every other test would feel: each of these runs alone.
@Suite(
    .enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .serialized, .timeLimit(.minutes(15))
)
struct ApplyRestartTests {
    typealias Scene = DeploymentScene

    @Test func `an API server that restarts while a rollout runs does not end the pass`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 3)], alone: true) { scene in
            try await scene.commit(("backend", Fate.readyLate.version("1.1.0")))
            async let pass = scene.apply()
            // Each pod takes three seconds to get ready; the first is replaced by now, the others are not.
            let updated = #"--output=jsonpath={.status.updatedReplicas}{"\n"}"#
            _ = try await scene.plane.kubectl(
                ["--namespace=\(scene.namespace.name)", "get", "statefulset", "backend", "--watch", updated],
                until: { $0 == "1" })
            try await scene.plane.bounce("kube-apiserver")
            let run = try await pass
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(report.outcomes == ["backend": "proven"])
            #expect(report["backend"]?.pods == .init(replicas: 3, updated: 3, ready: 3))
            #expect(run.errors.contains("the API server is not answering, trying again"), "\(run)")
        }
    }
}
