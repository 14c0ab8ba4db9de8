import TestServers
import Testing

/// `descry run` as a process, on the real API server.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct RunTests {
    typealias Scene = DeploymentScene

    @Test func `a push is deployed, and SIGTERM gives the lease back`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.first))
            let port = try BackgroundServer.freePort()
            let run = try await scene.descry.run(
                [
                    "run", "--environments", scene.folder.path, "--listen", "127.0.0.1:\(port)", "--poll-interval",
                    "1s",
                    "--replica", "test",
                ], by: .terminate, until: { $0.contains("\"Pass ended\"") }
            ) { _ in
                try await scene.commit(("backend", Scene.second))
                let namespace = "--namespace=\(scene.namespace.name)"
                _ = try await scene.plane.kubectl(
                    [
                        namespace, "get", "configmap", "descry-dev", "--watch",
                        #"--output=jsonpath={.data.deployment-000002}{"\n"}"#,
                    ], until: { $0.contains(Scene.second) && $0.contains(#""outcome":"proven""#) })
                #expect(try await scene.image("statefulset/backend").hasSuffix(Scene.second))
                #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity").hasPrefix("test_"))
                let metrics = try await Program.run("curl", ["-sf", "http://127.0.0.1:\(port)/metrics"])
                #expect(metrics.contains(#"descry_lease_held{environment="DEV"} 1"#), "\(metrics)")
                #expect(metrics.contains(#"descry_passes_total{environment="DEV",outcome="proven"}"#))
                let ready = try await Program.run("curl", ["-sf", "http://127.0.0.1:\(port)/readyz"])
                #expect(ready.contains("true"))
            }
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("\"Drained\"") && run.output.contains("\"Ended\""))
            #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity") == "")
            // Every line is a JSON object; those of a pass have its id, and there were at least two of them.
            let lines = run.output.split(separator: "\n")
            #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") }, "\(run)")
            let passes = lines.filter { $0.contains("\"Pass ended\"") }
            #expect(passes.count >= 2 && passes.allSatisfy { $0.contains("\"reconcileID\"") })
        }
    }

    /// A folder that cannot be read is told, and what is right later is taken up.
    @Test func `environment files are taken up while it runs`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let folder = try TemporaryFolder()
            let run = try await scene.descry.run(
                [
                    "run", "--environments", folder.path, "--listen", "127.0.0.1:0", "--poll-interval", "1s",
                ], by: .terminate, until: { $0.contains("is unusable") }
            ) { _ in
                _ = try await Program.run("cp", [scene.folder.path + "/DEV.yaml", folder.path])
                try await scene.until("backend", ".spec.template.spec.containers[0].image") {
                    $0.hasSuffix(Scene.second)
                }
            }
            #expect(run.exitCode == 0, "\(run)")
        }
    }
}
