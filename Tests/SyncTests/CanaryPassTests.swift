import FoundationEssentials
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing
import Workloads

@testable import Kubernetes
@testable import Reconciling

/// Whole passes with canaries: some pods first, watched, then the others, or none at all.
@Suite(.timeLimit(.minutes(15))) struct CanaryPassTests {
    typealias Scene = SandboxScene

    private static let canary = ", strategy: {canary: {pods: 1, hold: 200ms}}"
    private static let watched = ", strategy: {canary: {pods: 1, hold: 10m}}"
    private static let rights = [
        AccessRule(verbs: ["get", "create", "delete"], group: "apps", resources: ["deployments"])
    ]

    /// The scene for the kind, with three pods.
    private static func run(
        _ kind: WorkloadKind, parallel: Bool = false, _ body: (Scene) async throws -> Void
    ) async throws {
        try await Scene.run(
            ["backend"], kind: kind, replicas: 3, parallel: parallel, rules: kind == .deployment ? rights : [], body)
    }

    /// A pass for a canary that would be watched for minutes is ended as soon as it is.
    private static func interruptWhileWatching(_ scene: Scene) async throws {
        try await scene.commit([("backend", Scene.second + watched)])
        let (holds, hold) = AsyncStream<Void>.makeStream()
        let pass = Task {
            try await scene.apply { event in
                if case .app(let app) = event, case .rolling("watching the canary") = app.state { hold.yield() }
            }
        }
        for await _ in holds { break }
        pass.cancel()
        await #expect(throws: CancellationError.self) { try await pass.value }
    }

    @Test(arguments: [WorkloadKind.statefulSet, .deployment])
    func `a canary that holds is followed by the others`(kind: WorkloadKind) async throws {
        try await Self.run(kind) { scene in
            let held = Mutex<[String]>([])
            try await scene.commit([("backend", Scene.second + Self.canary)])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, case .rolling("watching the canary") = app.state else { return }
                held.withLock { $0.append(app.app) }
            }
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.apps[0].outcome == .proven)
            #expect(outcome.report.apps[0].pods == AppReport.Pods(replicas: 3, updated: 3, ready: 3))
            #expect(held.withLock { $0 } == ["backend"])
            #expect(try await scene.images() == ["backend:\(Scene.second)"], "and no canary is left")
            #expect(try await scene.events().contains { $0.reason == "CanaryPassed" })
            let again = try await scene.apply()
            #expect(again.report.outcome == .unchanged)
        }
    }

    /// It is ready for two seconds and then ends: nothing but the hold can tell. With OrderedReady a pod that was ready before is
    /// left to a person.
    @Test(arguments: [WorkloadKind.statefulSet, .deployment])
    func `a canary that fails while it is watched goes, and nothing else was touched`(
        kind: WorkloadKind
    ) async throws {
        try await Self.run(kind, parallel: true) { scene in
            let bad = Fate.crashesLater.version("1.1.0")
            let outcome = try await scene.deploy([("backend", bad + Self.watched)])
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            let app = outcome.report.apps[0]
            #expect(["canary-restarted", "canary-not-ready"].contains(app.failure?.code), "\(outcome.report)")
            #expect(app.rollback?.outcome == .proven)
            #expect(try await scene.images() == ["backend:\(Scene.first)"], "and no canary is left")
            #expect(try await scene.events().contains { $0.reason == "CanaryFailed" && $0.type == "Warning" })
            let again = try await scene.apply()
            #expect(again.report.apps[0].failure?.code == "quarantined")
        }
    }

    @Test(arguments: [WorkloadKind.statefulSet, .deployment])
    func `a canary that never starts fails as every rollout does`(kind: WorkloadKind) async throws {
        try await Self.run(kind) { scene in
            let outcome = try await scene.deploy([("backend", Fate.pullFails.version("1.1.0") + Self.watched)])
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.apps[0].failure?.code == "image-pull")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    /// A pass that is ended while it watches has proven nothing: the next one watches anew, and leaves no canary behind.
    @Test(arguments: [WorkloadKind.statefulSet, .deployment])
    func `a canary that was not watched to its end is watched anew`(kind: WorkloadKind) async throws {
        try await Self.run(kind) { scene in
            try await Self.interruptWhileWatching(scene)
            #expect(try await scene.history().first?.outcome == .interrupted)

            try await scene.commit([("backend", Scene.second + Self.canary)])
            let isHeld = Mutex(false)
            let second = try await scene.apply { event in
                if case .app(let app) = event, case .rolling("watching the canary") = app.state {
                    isHeld.withLock { $0 = true }
                }
            }
            #expect(second.status == .done, "\(second.report)")
            #expect(isHeld.withLock { $0 })
            #expect(try await scene.images() == ["backend:\(Scene.second)"])
        }
    }

    @Test(arguments: [WorkloadKind.statefulSet, .deployment])
    func `a canary that is no longer wanted is taken away`(kind: WorkloadKind) async throws {
        try await Self.run(kind) { scene in
            try await Self.interruptWhileWatching(scene)

            let back = try await scene.deploy([("backend", Scene.first)])
            #expect(back.status == .done, "\(back.report)")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    @Test func `without waiting there is nobody to watch it`() async throws {
        try await Self.run(.statefulSet) { scene in
            try await scene.commit([("backend", Scene.second + Self.canary)])
            let outcome = try await scene.apply(extent: .patch)
            #expect(outcome.status == .usage)
            #expect(outcome.report.apps[0].failure?.code == "canary-unwatched")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    /// It is asked while it is watched, and what it says ends the hold.
    @Test func `a canary that says it is not well fails`() async throws {
        let rights = [AccessRule(verbs: ["get"], resources: ["pods/proxy"])]
        try await Scene.run(["backend"], replicas: 3, rules: rights) { scene in
            let check = ", health: {path: /health}" + Self.watched
            let outcome = try await scene.deploy([("backend", Fate.sick.version("1.1.0") + check)])
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.apps[0].failure?.code == "unhealthy")
            #expect(outcome.report.apps[0].failure?.pod == "backend-2", "the canary alone")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }
}
