import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// With `onFailure: revert` the loop takes failed versions back in git, and goes on at its own commit.
@Suite(.timeLimit(.minutes(15))) struct RevertTests {
    typealias Scene = LoopScene

    private static let broken = TestServers.Fate.pullFails.version("1.1.0")
    private static let settings = "rollout: {timeout: 2m, onFailure: revert}"
    private static let webhook = WakeHint(environments: ["DEV"], reason: .webhook)

    /// Nothing is found by a poll of its own: the loop looks at the branch once it has pushed to it.
    @Test func `the branch goes back, and the loop is there already`() async throws {
        try await Scene.run { scene in
            var settings = Scene.settings()
            settings.pollInterval = .seconds(3600)
            let environment = try scene.environment("DEV", Self.settings)
            let loop = scene.loop(settings: settings)
            try await scene.running([environment], loop) { reader in
                try await reader.pass(for: try await scene.repository.tip(of: "DEV"))
                let failed = try await scene.commit(Self.broken)
                await loop.wake(Self.webhook)
                let pass = try await reader.pass(for: failed)
                #expect(pass.status == .rolledBack)
                let revert = try #require(pass.report?.revert?.commit, "\(pass)")
                let next = try await reader.pass(for: revert.id)
                #expect(next.report?.outcome == .unchanged && next.start.reason == "commit", "\(next)")
                #expect(try await scene.repository.tip(of: "DEV") == revert.id)
                #expect(try await scene.tags() == [Scene.first])

                // It brings the version again, and again: it is not tried, and stays in the end.
                var outcomes: [RevertReport.Outcome?] = []
                for _ in 1...3 {
                    let commit = try await scene.commit(Self.broken)
                    await loop.wake(Self.webhook)
                    let pass = try await reader.pass(for: commit)
                    #expect(pass.status == .refused, "\(pass)")
                    outcomes.append(pass.report?.revert?.outcome)
                    if let revert = pass.report?.revert?.commit { try await reader.pass(for: revert.id) }
                }
                #expect(outcomes == [.committed, .committed, .stopped])
                #expect(try await scene.history().count == 2)
            }
        }
    }

    /// A protected branch: the pass is as it is, and what is due is tried again with a growing pause.
    @Test func `a push that is refused is tried again`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", Self.settings)
            try await scene.running([environment], scene.loop()) { reader in
                try await reader.pass(for: try await scene.repository.tip(of: "DEV"))
                try scene.repository.hook("update", "echo 'the branch is frozen' >&2; exit 1")
                let failed = try await scene.commit(Self.broken)
                let pass = try await reader.pass(for: failed)
                #expect(pass.status == .rolledBack && pass.report?.revert?.failure?.code == "push-refused", "\(pass)")
                let retried = try await reader.pass(for: failed)
                #expect(retried.start.reason == "retry" && retried.status == .refused, "\(retried)")
                #expect(retried.report?.revert?.failure?.message.contains("the branch is frozen") == true)
                try scene.repository.hook("update", "exit 0")
                let revert: SyncReport.Commit = try await reader.next { event in
                    guard case .passEnded(_, let pass) = event else { return nil }
                    return pass.report?.revert?.commit
                }
                #expect(try await reader.pass(for: revert.id).report?.outcome == .unchanged)
                #expect(try await scene.tags() == [Scene.first])
            }
            let again = try await scene.apply(environment)
            #expect(again.report.outcome == .unchanged && again.report.revert == nil)
        }
    }
}
