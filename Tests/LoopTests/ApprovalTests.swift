import FoundationEssentials
import Git
import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// The loop waits for approvals, looks for them with the poll, and keeps its lease meanwhile.
@Suite(.enabled(if: Requirement.sshKeys.isToRun), .timeLimit(.minutes(15)))
struct ApprovalTests {
    typealias Scene = LoopScene

    @Test func `an approved commit is deployed by itself`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519, name: "ann")
        let list = try keys.folder.write("approvers", "ann@example.com \(key.publicKey)\n")
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "approvals: {count: 1, signers: \"\(list)\"}")
            var settings = Scene.settings()
            settings.resyncInterval = .seconds(3600)
            try await scene.running([environment], scene.loop(settings: settings)) { loop in
                let start = try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                #expect(start.report?.outcome == .proven, "only its annotations were missing")
                let commit = try await scene.commit(Scene.second)
                let waiting = try await loop.pass(for: commit)
                #expect(waiting.report?.outcome == .waiting)
                #expect(waiting.report?.waitingFor?.map(\.code) == [.approvals])
                let holder = scene.holder()
                let again = try await loop.pass(for: commit)
                #expect(again.start.reason == "waiting" && again.report?.outcome == .waiting)

                try await approve(environment, list, key.path, scene)
                let deployed: LoopPass = try await loop.next { event in
                    guard case .passEnded(_, let pass) = event, pass.report?.outcome != .waiting else { return nil }
                    return pass
                }
                #expect(deployed.report?.outcome == .proven && deployed.start.reason == "waiting", "\(deployed)")
                #expect(scene.holder() == holder && holder == "one")
            }
            #expect(try await scene.tags() == [Scene.second])
        }
    }

    private func approve(
        _ environment: Reconciling.Environment, _ list: String, _ key: String, _ scene: Scene
    ) async throws {
        let repository = try scene.sources("approver", GitDeadlines()).repository(environment)
        let result: Result<ApprovalReport, any Error>
        do {
            result = .success(
                try await ApproveCommit(
                    location: environment.descriptorLocation, repository: repository,
                    signer: try await Signer.open(key, agent: nil), name: nil,
                    identity: try CommitIdentity("Ann <ann@example.com>", time: 0), validity: nil
                ).run(nil))
        } catch { result = .failure(error) }
        await repository.close()
        _ = try result.get()
    }
}
