import FoundationEssentials
import Kubernetes
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// Versions that failed and come again: they are reverted without being tried, and not for ever.
@Suite(.timeLimit(.minutes(15))) struct RevertLoopTests {
    typealias Scene = SandboxScene

    private static let broken = RevertTests.broken

    /// A bot that brings the same version again and again.
    @Test func `a loop is recognised and ended, until a person says otherwise`() async throws {
        try await Scene.run(["backend"], rollout: RevertTests.rollout) { scene in
            for round in 1...3 {
                let commit = try await scene.commit([("backend", Self.broken)])
                let outcome = try await scene.apply()
                #expect(outcome.status == (round == 1 ? .rolledBack : .refused), "\(round): \(outcome.report)")
                #expect(outcome.report.revert?.outcome == .committed, "\(round): \(outcome.report)")
                #expect(try await scene.repository.tip(of: "DEV~1") == commit)
                #expect(try await scene.history().first?.reverts?.count == round)
            }
            #expect(try await scene.history().count == 2, "it was tried once")
            let commit = try await scene.commit([("backend", Self.broken)])
            for _ in 1...2 {
                let stopped = try await scene.apply()
                #expect(stopped.status == .refused && stopped.report.revert?.outcome == .stopped)
                #expect(stopped.report.revert?.stopped.map(\.app) == ["backend"])
                #expect(stopped.report.revert?.stopped.first?.count == 3)
                #expect(stopped.report.apps.first?.failure?.code == "quarantined")
            }
            // Another version is deployed, goes back where it fails, and stays in git.
            let other = try await scene.commit([("backend", Fate.pullFails.version("1.2.0"))])
            let failed = try await scene.apply()
            #expect(failed.status == .rolledBack && failed.report.revert?.outcome == .stopped, "\(failed.report)")
            #expect(try await scene.repository.tip(of: "DEV") == other && commit != other)

            // The person tries it again, in vain, and from then on it is counted anew.
            let retried = try await scene.apply(retries: true)
            #expect(retried.status == .rolledBack && retried.report.revert?.outcome == .committed, "\(retried.report)")
            #expect(try await scene.apply().report.outcome == .unchanged)
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    @Test func `a version that is proven ends the count`() async throws {
        try await Scene.run(["backend"], rollout: RevertTests.rollout, settings: "revert: {limit: 1}") { scene in
            try await scene.commit([("backend", Self.broken)])
            #expect(try await scene.apply().report.revert?.outcome == .committed)
            #expect(try await scene.deploy([("backend", Scene.second)]).status == .done)
            try await scene.commit([("backend", Fate.pullFails.version("1.2.0"))])
            let outcome = try await scene.apply()
            #expect(outcome.report.revert?.outcome == .committed, "\(outcome.report)")
            #expect(outcome.report.revert?.apps.map(\.to) == [Scene.second])
        }
    }

    /// Whatever else the descriptor says by then: only the app that is to blame goes back, without being tried.
    @Test func `a version that failed is not tried with another descriptor`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: RevertTests.rollout) { scene in
            try await scene.commit([("backend", Self.broken), ("frontend", Scene.first)])
            #expect(try await scene.apply().status == .rolledBack)
            #expect(try await scene.deploy([("backend", Scene.first), ("frontend", Scene.second)]).status == .done)
            let third = Fate.runs.version("1.2.0")
            let commit = try await scene.commit([("backend", Self.broken), ("frontend", third)])
            let status = try await scene.status()
            #expect(status.apps.first?.lastFailure?.quarantined == true)
            let outcome = try await scene.apply()
            #expect(outcome.status == .refused && outcome.report.apps.map(\.outcome) == [.failed, .notStarted])
            #expect(outcome.report.revert?.apps.map(\.app) == ["backend"], "\(outcome.report)")
            #expect(try await scene.history().first?.number == 3, "nothing was tried")
            #expect(try await scene.history()[1].reverts?.map(\.reverts).last == commit)
            #expect(try await scene.apply().report.outcome == .proven)
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(third)"])

            // The cause is mended: a person says so, and then the version comes again.
            #expect(try await scene.apply(retries: true).report.outcome == .unchanged)
            try await scene.commit([("backend", Self.broken), ("frontend", third)])
            let again = try await scene.apply()
            #expect(again.status == .rolledBack, "it was tried: \(again.report)")
        }
    }

    /// A process that is killed at any of its writes, before or after: the next pass ends with the branch and the cluster saying
    /// the same, by one commit.
    @Test func `whenever a process is killed, it is reverted once`() async throws {
        var writes = 0
        try await Scene.run(["backend"], rollout: RevertTests.rollout, delay: .zero) { scene in
            let counter = scene.sandbox.faults.crash(scene.deployer, .never)
            try await scene.commit([("backend", Self.broken)])
            #expect(try await scene.apply().report.revert?.outcome == .committed)
            writes = counter.writes.count
            #expect(counter.writes.suffix(3).allSatisfy { $0.contains("configmap") }, "\(counter.writes)")
        }
        let moments = (1...writes).flatMap { [CrashPoint.Moment.before($0), .after($0)] }
        _ = try await concurrentMap(moments, limit: 4) { moment in
            try await Scene.run(["backend"], rollout: RevertTests.rollout, delay: .zero) { scene in
                let before = try await scene.descriptor(of: "DEV")
                let failed = try await scene.commit([("backend", Self.broken)])
                let crash = scene.sandbox.faults.crash(scene.deployer, moment)
                do { _ = try await scene.apply() } catch is KubernetesError {}
                #expect(crash.isReached, "\(moment)")
                let rescuer = scene.sandbox.account("rescuer", namespace: "shop", rules: Scene.rules())
                let outcome = try await scene.apply(as: rescuer)
                #expect(try await scene.descriptor(of: "DEV") == before, "\(moment): \(outcome.report)")
                #expect(try await scene.repository.tip(of: "DEV~1") == failed, "\(moment)")
                let reverts = try await scene.history().flatMap { $0.reverts ?? [] }
                #expect(reverts.count == 1 && reverts.first?.reverts == failed, "\(moment): \(reverts)")
                let next = try await scene.apply(as: rescuer)
                #expect(next.status == .done && next.report.outcome == .unchanged, "\(moment): \(next.report)")
                #expect(try await scene.images() == ["backend:\(Scene.first)"], "\(moment)")
            }
        }
    }

    /// Without a history nobody could tell a loop.
    @Test func `who may keep no history reverts nothing`() async throws {
        try await Scene.run(["backend"], rollout: RevertTests.rollout) { scene in
            let failed = try await scene.commit([("backend", Self.broken)])
            let narrow = scene.sandbox.account(
                "narrow", namespace: "shop", rules: Scene.rules().filter { $0.resources != ["configmaps"] })
            let outcome = try await scene.apply(as: narrow)
            #expect(outcome.status == .rolledBack)
            #expect(outcome.report.revert?.failure?.code == "revert-unrecorded", "\(outcome.report)")
            #expect(try await scene.repository.tip(of: "DEV") == failed)
        }
    }
}
