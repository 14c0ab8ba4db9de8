import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing
import Workloads

/// What is on a branch gets into its namespace, whatever happens on the way there.
@Suite(.timeLimit(.minutes(15))) struct DeployTests {
    typealias Scene = LoopScene

    @Test func `a push is deployed`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                let start = try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                #expect(start.start.reason == "start")
                #expect(start.report?.outcome == .proven, "its annotations were missing")
                let pass = try await loop.pass(for: try await scene.commit(Scene.second))
                #expect(pass.start.reason == "commit" && pass.report?.outcome == .proven)
                #expect(pass.start.id != start.start.id)
            }
            #expect(try await scene.tags() == [Scene.second])
            #expect(try await scene.history().map(\.outcome) == [.proven, .proven])
        }
    }

    /// What is refused waits for a commit; trying it again would change nothing.
    @Test func `a refused descriptor waits for a new commit`() async throws {
        try await Scene.run { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                let refused = try await loop.pass(for: try await scene.commit(text: "apps: [{name: backend}]"))
                #expect(refused.status == .refused && refused.failure?.code == "missing-field")
                let polls = try await loop.polls(3)
                #expect(polls.passes == 0, "and for nothing else")
                let mended = try await loop.pass(for: try await scene.commit(Scene.second))
                #expect(mended.report?.outcome == .proven)
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    /// It goes back, is not tried again by itself, and the next commit is deployed.
    @Test func `a version that fails is rolled back and left`() async throws {
        try await Scene.run(["DEV"], apps: ["backend", "frontend"]) { scene in
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                let broken = TestServers.Fate.pullFails.version("1.1.0")
                let failed = try await loop.pass(for: try await scene.commit(Scene.second, ["backend": broken]))
                #expect(failed.status == .rolledBack && failed.report?.outcome == .rolledBack)
                #expect(try await scene.tags() == [Scene.first])
                let polls = try await loop.polls(3)
                #expect(polls.passes == 0)
                let mended = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(mended.report?.outcome == .proven)
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// A rollout that would wait for an hour is ended by the commit that mends it.
    @Test func `a newer commit ends the wait`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "rollout: {timeout: 1h, replaceStuckPods: always}")
            try await scene.running([environment], scene.loop()) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                let stuck = try await scene.commit(TestServers.Fate.neverReady.version("1.1.0"))
                let _: Void = try await loop.next { event in
                    guard case .progress(_, .app(let app)) = event, app.pods?.updated ?? 0 > 0 else { return nil }
                    return ()
                }
                let newer = try await scene.commit(Scene.third)
                #expect(try await loop.pass(for: stuck).report?.outcome == .preempted)
                #expect(try await loop.pass(for: newer).report?.outcome == .proven)
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// A workload that is not there yet: Helm is a moment late.
    @Test func `what is missing is deployed to as soon as it is there`() async throws {
        try await Scene.run(apps: ["backend"]) { scene in
            let text =
                "apps:\n  - {name: backend, version: \(Scene.second)}\n  - {name: late, version: \(Scene.second)}\n"
            let commit = try await scene.commit(text: text)
            try await scene.running([try scene.environment("DEV")], scene.loop()) { loop in
                #expect(try await loop.pass(for: commit).status == .missing)
                #expect(try await scene.tags() == [Scene.first], "nothing is written where anything is missing")
                try scene.sandbox.create(SandboxScene.workload(.statefulSet, "late", 1, false), namespace: "dev")
                let pass = try await loop.pass(for: commit)
                #expect(pass.report?.outcome == .proven, "\(pass)")
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }
}

extension LoopReader {
    /// Waits for so many further polls.
    ///
    /// - Returns: how many passes began meanwhile.
    mutating func polls(_ count: Int) async throws -> (polls: Int, passes: Int) {
        var (polls, passes) = (0, 0)
        while polls < count {
            polls += try await next { event in
                switch event {
                case .polled: return 1
                case .passStarted:
                    passes += 1
                    return nil
                default: return nil
                }
            }
        }
        return (polls, passes)
    }
}
