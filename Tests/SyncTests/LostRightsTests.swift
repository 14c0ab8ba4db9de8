import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// A token that loses its rights while a deployment is under way. What is written by then stays where it is, which is said, and
/// a later pass with rights puts it right.
@Suite(.timeLimit(.minutes(15))) struct LostRightsTests {
    typealias Scene = SandboxScene

    /// Nothing at all, or what only looks: open watches go on either way, as rights are asked for when a request begins.
    @Test(arguments: [[], ["get", "list", "watch"]])
    func `what cannot be taken back is said, and a later pass puts it right`(verbs: [String]) async throws {
        let remaining = Scene.rules().map { AccessRule(verbs: verbs, group: $0.group, resources: $0.resources) }
        try await Scene.run(["first", "backend", "last"]) { scene in
            try await scene.commit([
                ("first", Scene.second), ("backend", "\(Scene.second), after: [first]"),
                ("last", "\(Scene.second), after: [backend]"),
            ])
            let before = NamespaceState(scene.sandbox, commits: [:])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "first", case .proven = app.state else { return }
                scene.sandbox.change(scene.deployer, namespace: "shop", rules: remaining)
            }
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            #expect(outcome.report.apps[1].failure?.code == "forbidden", "\(outcome.report)")
            #expect(outcome.report.apps[2].outcome == .notStarted)
            guard case .failed(let failure) = outcome.report.apps[0].rollback?.outcome else {
                Issue.record("what is not back is told: \(outcome.report)")
                return
            }
            #expect(failure.code == "forbidden")
            #expect(outcome.report.notes.contains { $0.contains("history") }, "\(outcome.report.notes)")

            scene.sandbox.change(scene.deployer, namespace: "shop", rules: Scene.rules())
            let failed = try await scene.deploy([
                ("first", Fate.pullFails.version("1.2.0")), ("backend", "\(Scene.second), after: [first]"),
                ("last", "\(Scene.second), after: [backend]"),
            ])
            #expect(failed.status == .rolledBack, "\(failed.report)")
            #expect(NamespaceState(scene.sandbox, commits: [:]) == before)
        }
    }

    /// Rights that are back by the time of the next pass let it finish what the other had begun.
    @Test func `the same commit goes through once the rights are back`() async throws {
        try await Scene.run(["first", "backend"]) { scene in
            try await scene.commit([("first", Scene.second), ("backend", "\(Scene.second), after: [first]")])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "first", case .proven = app.state else { return }
                scene.sandbox.change(scene.deployer, namespace: "shop", rules: [])
            }
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            scene.sandbox.change(scene.deployer, namespace: "shop", rules: Scene.rules())
            let again = try await scene.apply()
            #expect(again.status == .done, "\(again.report)")
            #expect(try await scene.images() == ["first:\(Scene.second)", "backend:\(Scene.second)"])
            #expect(try await scene.history().map(\.outcome) == [.proven, .interrupted, .proven])
        }
    }
}
