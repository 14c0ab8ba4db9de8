import FoundationEssentials
import Git
import Reporting
import Scenes
import TestServers
import Testing

@testable import Reconciling

/// A commit waits until enough people have approved it; drift is put right meanwhile, and no override goes past them.
@Suite(.enabled(if: Requirement.sshKeys.isToRun), .timeLimit(.minutes(15)))
struct ApprovalPassTests {
    typealias Scene = SandboxScene

    @Test func `a change waits for two people who are not its author`() async throws {
        let approvers = try await Approvers(["ann@example.com", "bob@example.com", "dana@example.com"])
        try await Scene.run(["backend", "frontend"]) { scene in
            let scene = try scene.with("approvals: {count: 2, signers: \"\(approvers.list)\", expiry: 1h}")
            try await scene.commit([("backend", Scene.second), ("frontend", Scene.first)])
            try scene.setImage("9.9.9", of: "backend")
            let waiting = try await scene.apply()
            #expect(waiting.status == .changesPending && waiting.report.outcome == .waiting, "\(waiting.report)")
            #expect(waiting.report.waitingFor?.map(\.code) == [.approvals])
            #expect(waiting.report.waitingFor?.first?.message.hasPrefix("0 of 2 approvals") == true)
            #expect(waiting.corrected == ["backend"])
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
            let status = try await scene.status()
            #expect(status.apps.map(\.state) == [.waiting, .ok] && status.waitingFor?.map(\.code) == [.approvals])

            try await scene.approve("ann@example.com", by: approvers)
            try await scene.approve("dana@example.com", by: approvers, isAuthor: true)
            let one = try await scene.apply(overriding: "in a hurry")
            #expect(one.status == .changesPending, "an override is for windows alone")
            #expect(one.report.waitingFor?.first?.message.hasPrefix("1 of 2 approvals (ann@example.com)") == true)

            try await scene.approve("bob@example.com", by: approvers)
            let late = try await scene.apply(now: { Date() + 3700 })
            #expect(late.status == .changesPending, "they have expired by then")
            let deployed = try await scene.apply()
            #expect(deployed.report.outcome == .proven && deployed.report.waitingFor == nil, "\(deployed.report)")
            #expect(try await scene.images() == ["backend:\(Scene.second)", "frontend:\(Scene.first)"])

            // The next commit has none.
            try await scene.commit([("backend", Scene.first), ("frontend", Scene.first)])
            #expect(try await scene.apply().status == .changesPending)
        }
    }

    /// Nothing changes, so nobody has to say anything.
    @Test func `a commit that changes no version needs no approval`() async throws {
        let approvers = try await Approvers(["ann@example.com"])
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with("approvals: {count: 1, signers: \"\(approvers.list)\"}")
            try await scene.commit([("backend", Scene.first)], beside: ["README.md": "words\n"])
            #expect(try await scene.apply().report.outcome == .unchanged)
        }
    }

    /// Without the list nobody counts, and nothing is deployed.
    @Test func `a list that cannot be read lets nothing through`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with("approvals: {count: 1, signers: /nonexistent/approvers}")
            try await scene.commit([("backend", Scene.second)])
            let error = await #expect(throws: GitError.self) { try await scene.apply() }
            #expect(error?.code == "signers-unreadable" && error?.category == .denied)
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    /// Both guards at once: each is told, and an override lifts the one alone.
    @Test func `a window and approvals are waited for together`() async throws {
        let approvers = try await Approvers(["ann@example.com"])
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with(
                "windows: [{deny: Mon-Sun}]\napprovals: {count: 1, signers: \"\(approvers.list)\"}")
            try await scene.commit([("backend", Scene.second)])
            #expect(try await scene.apply().report.waitingFor?.map(\.code) == [.window, .approvals])
            #expect(try await scene.apply(overriding: "now").report.waitingFor?.map(\.code) == [.approvals])
            try await scene.approve("ann@example.com", by: approvers)
            #expect(try await scene.apply().report.waitingFor?.map(\.code) == [.window])
            #expect(try await scene.apply(overriding: "now").report.outcome == .proven)
            #expect(try await scene.history().first?.override?.reason == "now")
        }
    }
}

extension SandboxScene {
    /// - Parameter isAuthor: the author's own, which `descry approve` itself would refuse.
    func approve(_ name: String, by approvers: Approvers, isAuthor: Bool = false) async throws {
        let signer = try await approvers.signer(name)
        let git = try GitRepository(
            remote: environment.repository,
            options: GitOptions(
                cacheDirectory: folder.path + "/approver",
                environment: ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin"]), logger: Self.silent)
        let text = """
            environment: DEV
            repository: "\(environment.repository)"
            approvals: {count: 1, signers: "\(approvers.list)", authorMayApprove: \(isAuthor)}
            """
        let location = try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml").location(name: "DEV")
        let result: Result<ApprovalReport, any Error>
        do {
            result = .success(
                try await ApproveCommit(
                    location: location, repository: git, signer: signer, name: name,
                    identity: try CommitIdentity(name: name, email: name, time: 0), validity: nil
                ).run(nil))
        } catch { result = .failure(error) }
        await git.close()
        _ = try result.get()
    }
}
