import TestServers
import Testing

/// Branches that were force-pushed: what was deployed last is no ancestor of the tip.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct BadInputHistoryTests {
    typealias Scene = DeploymentScene

    @Test func `a force-pushed branch is refused until the rewrite is accepted`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let first = try await scene.deploy(("backend", Scene.second))
            #expect(first.exitCode == 0, "\(first)")
            let deployed = try await scene.repository.tip(of: "DEV")
            let version = Fate.runs.version("1.2.0")
            let rewritten = try await scene.repository.commit(
                to: "DEV", ["deploy-descriptor.yaml": .text("apps:\n  - {name: backend, version: \(version)}\n")],
                parent: .none)
            let before = try await scene.writes().count

            // A refusal is not remembered as if the new tip had been deployed.
            for _ in 0..<2 {
                let refused = try await scene.apply()
                #expect(refused.exitCode == 65, "\(refused)")
                let error = try refused.failure().error
                #expect(error.code == "branch-rewritten")
                #expect(error.message.contains(deployed) && error.message.contains(rewritten), "\(error)")
                #expect(error.hint?.contains("--accept-rewrite") == true)
            }
            #expect(try await scene.writes().count == before)

            // A plan only tells.
            let plan = try await scene.run("plan", "DEV", ["-o", "json"])
            #expect(plan.exitCode == 0, "\(plan)")
            #expect(try plan.pass().notes.contains { $0.contains(deployed) && $0.contains(rewritten) })

            let accepted = try await scene.apply("--accept-rewrite")
            #expect(accepted.exitCode == 0, "\(accepted)")
            #expect(try accepted.pass().outcomes == ["backend": "proven"])
            #expect(try await scene.image("statefulset/backend").hasSuffix(version))
            let settled = try await scene.apply()
            #expect(settled.exitCode == 0, "\(settled)")
        }
    }

    @Test func `a branch that was only added to is not rewritten`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            #expect(try await scene.deploy(("backend", Scene.second)).exitCode == 0)
            for numbers in ["1.2.0", "1.3.0", "1.4.0"] {
                try await scene.commit(("backend", Fate.runs.version(numbers)))
            }
            let run = try await scene.apply()
            #expect(run.exitCode == 0, "\(run)")
            #expect(try await scene.image("statefulset/backend").hasSuffix(Fate.runs.version("1.4.0")))
        }
    }
}
