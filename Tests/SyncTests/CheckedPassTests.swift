import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

@testable import Reconciling

/// Whole passes whose rollouts are good, and that is not enough: what the pods answer, and what a check of the whole says.
@Suite(.timeLimit(.minutes(15))) struct CheckedPassTests {
    typealias Scene = SandboxScene

    private static let health = ", health: {path: /health}"
    private static let mayAsk = [AccessRule(verbs: ["get"], resources: ["pods/proxy"])]
    private static let mayCheck = [
        AccessRule(verbs: ["get"], group: "batch", resources: ["cronjobs", "jobs"]),
        AccessRule(verbs: ["create", "delete"], group: "batch", resources: ["jobs"]),
        AccessRule(verbs: ["get"], resources: ["pods/log"]),
    ]
    private static let names = ["backend", "frontend"]

    // MARK: Health

    @Test func `a version that is ready and not well is taken back`() async throws {
        try await Scene.run(Self.names, rules: Self.mayAsk) { scene in
            let outcome = try await scene.deploy([
                ("backend", Scene.second + Self.health),
                ("frontend", Fate.sick.version("1.1.0") + Self.health + ", after: [backend]"),
            ])
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.apps.map(\.outcome) == [.rolledBack, .failed])
            let failure = outcome.report.apps[1].failure
            #expect(failure?.code == "unhealthy" && failure?.pod == "frontend-0", "\(String(describing: failure))")
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.first)" }))
            let again = try await scene.apply()
            #expect(again.report.apps[1].failure?.code == "quarantined")
        }
    }

    @Test func `a version that is well is proven, and what comes after it follows`() async throws {
        try await Scene.run(Self.names, rules: Self.mayAsk) { scene in
            let outcome = try await scene.deploy([
                ("backend", Scene.second + ", health: {path: /health, for: 50ms}"),
                ("frontend", Scene.second + Self.health + ", after: [backend]"),
            ])
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.apps.allSatisfy { $0.outcome == .proven })
        }
    }

    @Test func `without the right to ask, the version is not proven`() async throws {
        try await Scene.run(["backend"]) { scene in
            let outcome = try await scene.deploy([("backend", Scene.second + Self.health)])
            #expect(outcome.status == .rolledBack)
            #expect(outcome.report.apps[0].failure?.code == "forbidden")
            #expect(outcome.report.apps[0].failure?.hint?.contains("descry rbac") == true)
            let again = try await scene.apply()
            #expect(again.status == .rolledBack, "it does not speak against the version, so it is tried again")
        }
    }

    /// With `stop` the sick version stays. The next pass finds nothing to change, and yet does not call it good.
    @Test func `what was left sick is asked again`() async throws {
        try await Scene.run(["backend"], rollout: "{onFailure: stop}", rules: Self.mayAsk) { scene in
            let version = Fate.sick.version("1.1.0") + Self.health
            #expect(try await scene.deploy([("backend", version)]).status == .rolloutFailed)
            let again = try await scene.apply()
            #expect(again.status == .rolloutFailed, "\(again.report)")
            #expect(again.report.apps[0].failure?.code == "unhealthy")
            #expect(try await scene.deploy([("backend", Scene.second + Self.health)]).status == .done)
            #expect(try await scene.apply().report.outcome == .unchanged)
        }
    }

    // MARK: The check of the whole

    /// A scene with a check that passes (`good`), one that fails (`bad`), and apps that were deployed without any.
    private static func checked(
        rollout: String = "{timeout: 2m}", _ body: (Scene) async throws -> Void
    ) async throws {
        try await Scene.run(
            names, rollout: rollout, rules: mayCheck,
            prepare: { sandbox in
                try sandbox.create(VerifyScene.cronJob(.runs, name: "good"), namespace: "shop")
                try sandbox.create(VerifyScene.cronJob(.crashes, name: "bad"), namespace: "shop")
            }, body)
    }

    private static let good = "verify: {job: good, timeout: 1m}"
    private static let bad = "verify: {job: bad, timeout: 1m}"
    private static let second = names.map { ($0, Scene.second) }

    @Test func `a check that passes is told`() async throws {
        try await Self.checked { scene in
            let scene = try scene.with(Self.good)
            let outcome = try await scene.deploy(Self.second)
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(outcome.report.verification?.outcome == .passed)
            #expect(try await scene.history().first?.verification?.outcome == .passed)
            // Nothing to deploy, and nothing left open: no check either.
            #expect(try await scene.apply().report.verification == nil)
        }
    }

    @Test func `a check that fails takes everything back, and is not tried again by itself`() async throws {
        try await Self.checked { scene in
            let failing = try scene.with(Self.bad)
            let outcome = try await failing.deploy(Self.second)
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.verification?.failure?.code == "verify-failed")
            #expect(outcome.report.verification?.log?.isEmpty == false)
            #expect(outcome.report.apps.allSatisfy { $0.outcome == .rolledBack })
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.first)" }))
            #expect(try await scene.events().count { $0.reason == "VerificationFailed" } == 2)

            let again = try await failing.apply()
            #expect(again.status == .refused)
            #expect(again.report.apps.allSatisfy { $0.failure?.code == "quarantined" })
            #expect(again.report.apps[0].failure?.message.contains("job/bad") == true)
            let mended = try await scene.with(Self.good).apply(retries: true)
            #expect(mended.status == .done, "\(mended.report)")
        }
    }

    /// With `stop` what the check speaks against stays; the next pass checks again instead of calling it good.
    @Test func `a check that failed is made again`() async throws {
        try await Self.checked(rollout: "{onFailure: stop}") { scene in
            let failing = try scene.with(Self.bad)
            #expect(try await failing.deploy(Self.second).status == .rolloutFailed)
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.second)" }))
            #expect(try await failing.apply().status == .rolloutFailed)
            let mended = try scene.with(Self.good)
            #expect(try await mended.apply().report.verification?.outcome == .passed)
            #expect(try await mended.apply().report.verification == nil)
        }
    }

    @Test func `nothing is checked where a rollout has failed`() async throws {
        try await Self.checked { scene in
            let outcome = try await scene.with(Self.good).deploy([
                ("backend", Scene.second), ("frontend", Fate.pullFails.version("1.1.0")),
            ])
            #expect(outcome.status == .rolledBack)
            #expect(outcome.report.verification == nil)
        }
    }

    /// A pass that was ended while it checked has proven nothing.
    @Test func `a check that was not waited for is made by the next pass, and takes back what both have changed`()
        async throws
    {
        try await Self.checked { scene in
            let checking = try scene.with("verify: {job: slow, timeout: 5m}")
            try scene.sandbox.create(VerifyScene.cronJob(.neverReady, name: "slow"), namespace: "shop")
            try await scene.commit(Self.second)
            let (starts, start) = AsyncStream<Void>.makeStream()
            let first = Task {
                try await checking.apply { event in
                    if case .verification(let check) = event, case .started = check.state { start.yield() }
                }
            }
            for await _ in starts { break }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.second)" }))

            let outcome = try await scene.with(Self.bad).apply()
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(try await scene.images() == Set(Self.names.map { "\($0):\(Scene.first)" }))
        }
    }
}
