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

    /// The pods of the old version take three seconds each, so the way back is long enough to be interrupted.
    @Test(arguments: ["kube-apiserver", "etcd", "kube-controller-manager"])
    func `a restart while all goes back does not end the pass`(process: String) async throws {
        let old = Fate.readyLate.version("1.0.0")
        let image = "\(Scene.registry)/first:\(old)"
        let workloads = [Scene.workload("first", image: image, replicas: 2), Scene.workload("backend")]
        try await Scene.run(workloads, alone: true) { scene in
            try await scene.commit(
                ("first", Scene.second), ("backend", "\(Fate.pullFails.version("1.1.0")), after: [first]"))
            async let pass = scene.apply()
            var isNew = false
            try await scene.until("first", ".spec.template.spec.containers[0].image") { found in
                isNew = isNew || found != image
                return isNew && found == image
            }
            try await scene.plane.bounce(process)
            let run = try await pass
            #expect(run.exitCode == 3, "\(run)")
            let report = try run.pass()
            #expect(report.apps.allSatisfy { $0.rollback?.outcome == "proven" }, "\(run)")
            #expect(try await scene.image("statefulset/first") == image)
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.first)")
            try await scene.namespace.rolledOut("statefulset/first", "statefulset/backend")
            #expect(try await scene.history().map(\.outcome) == ["rolledBack"])
        }
    }
}
