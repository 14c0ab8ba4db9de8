import TestServers
import Testing

/// A descriptor that changes nothing proves nothing by itself: the rollout of an earlier pass may not be over, or broken.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ApplyUnfinishedTests {
    typealias Scene = DeploymentScene

    @Test func `a rollout that is still under way is waited for`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 3)]) { scene in
            // Three seconds for each pod, one after the other.
            let version = Fate.readyLate.version("1.1.0")
            let first = try await scene.deploy(("backend", version), arguments: ["--no-wait"])
            #expect(first.exitCode == 0, "\(first)")
            #expect(try first.pass().outcomes == ["backend": "patched"])

            let second = try await scene.apply()
            #expect(second.exitCode == 0, "\(second)")
            let app = try #require(try second.pass()["backend"])
            #expect(app.outcome == "unchanged")
            #expect(app.pods == .init(replicas: 3, updated: 3, ready: 3))
            #expect(try await scene.patched() == ["backend"])
            #expect(try await scene.field("statefulset/backend", ".status.readyReplicas") == "3")
        }
    }

    @Test func `a rollout that broke after nobody waited is reported, never called unchanged`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let first = try await scene.deploy(
                ("backend", Fate.pullFails.version("1.1.0")), arguments: ["--no-wait"])
            #expect(first.exitCode == 0, "\(first)")

            for _ in 0..<2 {
                let again = try await scene.apply()
                #expect(again.exitCode == 4, "\(again)")
                let app = try #require(try again.pass()["backend"])
                #expect(app.outcome == "failed")
                #expect(app.failure?.code == "image-pull")
            }
            #expect(try await scene.patched() == ["backend"])
        }
    }

    @Test func `a pass that does not wait says nothing about rollouts`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let version = Fate.pullFails.version("1.1.0")
            for outcome in ["patched", "unchanged"] {
                let run = try await scene.deploy(("backend", version), arguments: ["--no-wait"])
                #expect(run.exitCode == 0, "\(run)")
                #expect(try run.pass().outcomes == ["backend": outcome])
            }
        }
    }
}
