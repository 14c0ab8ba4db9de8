import TestServers
import Testing

/// A token that loses its rights while a deployment is under way: its RoleBinding is deleted.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct LostRightsTests {
    typealias Scene = DeploymentScene

    @Test func `what cannot be taken back is said, and a later pass with rights puts it right`() async throws {
        let names = ["first", "backend", "last"]
        try await Scene.run(names.map { Scene.workload($0, replicas: 2) }) { scene in
            // Two pods of three seconds each, so that there is time to take the rights away.
            try await scene.commit(
                ("first", Scene.second), ("backend", "\(Fate.readyLate.version("1.1.0")), after: [first]"),
                ("last", "\(Scene.second), after: [backend]"))
            async let pass = scene.apply()
            try await scene.until("backend", ".status.updatedReplicas", is: "1")
            try await scene.namespace.kubectl(["delete", "rolebinding", scene.account.name])
            let run = try await pass
            #expect(run.exitCode == 4, "\(run)")
            let report = try run.pass()
            #expect(report["last"]?.failure?.code == "forbidden", "\(run)")
            for name in ["first", "backend"] {
                #expect(report[name]?.rollback?.failure?.code == "forbidden", "\(run)")
                #expect(report[name]?.rollback?.failure?.hint?.contains("descry rbac") == true, "\(run)")
            }
            #expect(report.notes.contains { $0.contains("history") }, "\(report.notes)")
            #expect(try await scene.image("statefulset/last") == "\(Scene.registry)/last:\(Scene.first)")

            let denied = try await scene.apply()
            #expect(denied.exitCode == 77, "\(denied)")
            _ = try await scene.namespace.account(scene.account.name, rules: PolicyRule.deployer)
            // It fails, and goes back to what ran before the pass that lost its rights.
            let failed = try await scene.deploy(
                ("first", Scene.second), ("backend", "\(Fate.pullFails.version("1.2.0")), after: [first]"),
                ("last", "\(Scene.second), after: [backend]"))
            #expect(failed.exitCode == 3, "\(failed)")
            for name in names {
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(Scene.first)")
            }
            let good = try await scene.deploy(names.map { ($0, Scene.second) })
            #expect(good.exitCode == 0, "\(good)")
            #expect(try await scene.history().map(\.outcome) == ["interrupted", "rolledBack", "proven"])
        }
    }
}
