import Planning
import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// What the branch asks for is refused, or has failed and was taken back: meanwhile what runs is kept as it was deployed last, and
/// what was refused stays so.
@Suite(.timeLimit(.minutes(15))) struct KeepingTests {
    typealias Scene = LoopScene

    enum Cause: CaseIterable, CustomTestStringConvertible {
        case unreadable, channel, missingWorkload, failedVersion, rewrittenBranch

        var testDescription: String { "\(self)" }

        /// What the pass for the commit ends with; nil where it ends before it could report.
        var outcome: SyncReport.Outcome? {
            switch self {
            case .unreadable, .rewrittenBranch: nil
            case .channel, .missingWorkload: .refused
            case .failedVersion: .rolledBack
            }
        }

        func commit(to scene: Scene) async throws -> String {
            switch self {
            case .unreadable: try await scene.commit(text: "apps: [\n")
            case .channel: try await scene.commit("1.1.1-release-0123456789012345678901234567890123456789")
            case .missingWorkload:
                try await scene.commit(
                    text: scene.descriptor(Scene.second) + "  - {name: absent, version: \(Scene.second)}\n")
            case .failedVersion: try await scene.commit(Fate.pullFails.version("1.1.1"))
            case .rewrittenBranch:
                try await scene.repository.commit(
                    to: "DEV", ["deploy-descriptor.yaml": .text(scene.descriptor(Scene.third))], parent: .none)
            }
        }
    }

    /// No look now and then may be what finds it.
    private static var settings: LoopSettings {
        var settings = Scene.settings()
        settings.resyncInterval = .seconds(3600)
        return settings
    }

    @Test(arguments: Cause.allCases)
    func `what somebody else changes is put right all the same`(cause: Cause) async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "versions: [rc]")
            try await scene.running([environment], scene.loop(settings: Self.settings)) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                let commit = try await cause.commit(to: scene)
                let refused = try await loop.pass(for: commit)
                #expect(refused.report?.outcome == cause.outcome, "\(refused)")
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.drift().first?.writers.first?.hasPrefix("kubectl-set") == true)
                let apps: [String] = try await loop.next { event in
                    if case .driftCorrected(_, let apps) = event { apps } else { nil }
                }
                #expect(apps == ["backend"])
                #expect(
                    loop.passes.last?.start.reason == "drift" && loop.passes.last?.status == .refused
                        || cause == .missingWorkload && loop.passes.last?.status == .missing, "\(loop.passes)")
                #expect(try await scene.tags() == [Scene.second])
                guard cause != .rewrittenBranch else { return }
                let good = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(good.report?.outcome == .proven, "\(good)")
            }
            let history = try await scene.history()
            let correction = history.first { $0.isCorrection == true }
            #expect(correction?.outcome == .proven && correction?.apps.map(\.to) == [Scene.second], "\(history)")
            #expect(history.count(where: { $0.isCorrection == true }) == 1)
        }
    }

    /// With `drift: report` nothing is written, whatever the branch says.
    @Test func `it is only told where that is asked for`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "drift: report")
            try await scene.running([environment], scene.loop(settings: Self.settings)) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                try await loop.pass(for: try await Cause.unreadable.commit(to: scene))
                try scene.setImage("9.9.9", as: "kubectl-set")
                let found = try await loop.drift()
                #expect(found.map(\.app) == ["backend"] && found.first?.isCorrected == false)
                let good = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(good.report?.outcome == .proven, "\(good)")
            }
        }
    }

    /// The history has nothing to compare with: what a failed commit has left behind is nobody's drift.
    @Test func `what was left half done is not touched`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "rollout: {onFailure: stop}")
            try await scene.running([environment], scene.loop(settings: Self.settings)) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                let bad = Fate.pullFails.version("1.1.1")
                let failed = try await loop.pass(for: try await scene.commit(bad))
                #expect(failed.status == .rolloutFailed)
                try scene.setImage("9.9.9", as: "kubectl-set")
                #expect(try await loop.polls(3).passes == 0)
                #expect(try await scene.tags() == ["9.9.9"])
            }
        }
    }
}
