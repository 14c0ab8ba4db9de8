import Kubernetes
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

@testable import Reconciling

/// What a killed deployment began for an app that the next descriptor no longer names. CrashPointTests kill at every write.
@Suite(.timeLimit(.minutes(15))) struct AbandonedAppTests {
    typealias Scene = SandboxScene

    private static let names = ["a", "b"]

    /// Killed once the first of two apps was patched.
    private static func run(
        rollout: String = "{timeout: 1h}", _ body: (Scene) async throws -> Void
    ) async throws {
        try await Scene.run(names, rollout: rollout, delay: .zero) { scene in
            try await scene.commit([("a", Scene.second), ("b", Scene.second + ", after: [a]")])
            try await kill(scene, .after(2))
            #expect(try await scene.images() == ["a:\(Scene.second)", "b:\(Scene.first)"])
            try await scene.commit([("b", Scene.second)])
            try await body(scene)
        }
    }

    private static func kill(_ scene: Scene, _ moment: CrashPoint.Moment) async throws {
        let account = scene.sandbox.account("killed", namespace: "shop", rules: Scene.rules())
        let crash = scene.sandbox.faults.crash(account, moment)
        do { _ = try await scene.apply(as: account) } catch is KubernetesError {}  // nobody hears what it says
        #expect(crash.isReached)
    }

    @Test func `it goes back, and that is proven and told`() async throws {
        try await Self.run { scene in
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            let app = try #require(outcome.report.apps.first { $0.app == "a" })
            #expect(app.outcome == .rolledBack && app.rollback?.outcome == .proven && app.to == Scene.first)
            #expect(outcome.report.apps.first?.outcome == .proven)
            #expect(try await scene.images() == ["a:\(Scene.first)", "b:\(Scene.second)"])
            let newest = try #require(try await scene.history().first)
            #expect(newest.outcome == .proven && newest.apps.map(\.app) == ["b", "a"])
            #expect(try await scene.apply().report.outcome == .unchanged, "and once is enough")
        }
    }

    /// The entry of the second deployment has it, too.
    @Test(arguments: [CrashPoint.Moment.before(1), .after(1), .after(2)])
    func `a second one that is killed does not forget it`(moment: CrashPoint.Moment) async throws {
        try await Self.run { scene in
            try await Self.kill(scene, moment)
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(try await scene.images() == ["a:\(Scene.first)", "b:\(Scene.second)"])
        }
    }

    @Test func `with a failure of the others it is back as well`() async throws {
        try await Self.run { scene in
            let outcome = try await scene.deploy([("b", Fate.pullFails.version("1.2.0"))])
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.first)" }))
        }
    }

    @Test func `what somebody else has deployed there since is theirs`() async throws {
        try await Self.run { scene in
            let image = "\(Scene.registry)/a:9.9.9"
            try scene.change(
                "a", as: "kubectl",
                ["spec": ["template": ["spec": ["containers": [["name": "a", "image": .string(image)]]]]]])
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.hasPrefix("statefulset/a is no longer in the descriptor") })
            #expect(try await scene.images() == ["a:9.9.9", "b:\(Scene.second)"])
        }
    }

    @Test func `where nothing goes back by the policy, it stays`() async throws {
        try await Self.run(rollout: "{timeout: 1h, onFailure: stop}") { scene in
            let outcome = try await scene.apply()
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.hasPrefix("statefulset/a is no longer in the descriptor") })
            #expect(try await scene.images() == ["a:\(Scene.second)", "b:\(Scene.second)"])
        }
    }
}
