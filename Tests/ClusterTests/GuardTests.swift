import FoundationEssentials
import TestServers
import Testing

/// `descry apply` on the real API server, where a window is closed or an approval is missing.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct GuardTests {
    typealias Scene = DeploymentScene

    private struct Waiting: Decodable {
        struct Hold: Decodable {
            var code: String
            var message: String
            var until: String?
        }
        var outcome: String
        var exitCode: Int
        var waitingFor: [Hold]
    }

    private struct History: Decodable {
        struct Override: Decodable, Equatable {
            var guards: [String]
            var reason: String
        }
        struct Deployment: Decodable {
            var outcome: String
            var override: Override?
        }
        var deployments: [Deployment]
    }

    @Test func `outside of its windows drift is put right, and an override deploys`() async throws {
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")]) { scene in
            #expect(try await scene.deploy(("backend", Scene.first), ("frontend", Scene.first)).exitCode == 0)
            try scene.environment("DEV", replacing: ["windows": "[{deny: Mon-Sun}]"])
            try await scene.namespace.kubectl([
                "set", "image", "statefulset/backend", "backend=\(Scene.registry)/backend:9.9.9",
            ])
            let waiting = try await scene.deploy(("backend", Scene.second), ("frontend", Scene.first))
            #expect(waiting.exitCode == 2, "\(waiting)")
            let report: Waiting = try waiting.decoded()
            #expect(report.outcome == "waiting" && report.exitCode == 2)
            #expect(report.waitingFor.map(\.code) == ["window"] && report.waitingFor.first?.until == nil)
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.first)")
            let status = try await scene.run("status")
            #expect(status.output.contains("DEV waits: outside of the windows of DEV (deny Mon-Sun UTC)"), "\(status)")
            let plan = try await scene.run("plan", "DEV", ["--exit-code"])
            #expect(plan.exitCode == 2 && plan.output.contains("1 app to change, waiting, 1 unchanged"), "\(plan)")

            let unsaid = try await scene.apply("--override")
            #expect(unsaid.exitCode == 64, "\(unsaid)")
            let deployed = try await scene.apply("--override", "--reason", "INC-4711: payments are down")
            #expect(deployed.exitCode == 0, "\(deployed)")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.second)")
            let history: History = try await scene.run("history", "DEV", ["-o", "json"]).decoded()
            #expect(history.deployments.count == 3)
            let expected = History.Override(guards: ["window"], reason: "INC-4711: payments are down")
            #expect(history.deployments.first?.override == expected)
            let table = try await scene.run("history")
            #expect(table.output.contains("3 override of window by "), "\(table)")
        }
    }

    @Test(.enabled(if: Requirement.sshKeys.isToRun))
    func `a commit that somebody has approved is deployed`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519, name: "ann")
        let list = try keys.folder.write("approvers", "ann@example.com \(key.publicKey)\n")
        try await Scene.run([Scene.workload("backend")]) { scene in
            try scene.environment("DEV", replacing: ["approvals": "{count: 1, signers: \"\(list)\"}"])
            let waiting = try await scene.deploy(("backend", Scene.second))
            #expect(waiting.exitCode == 2, "\(waiting)")
            let report: Waiting = try waiting.decoded()
            #expect(report.waitingFor.map(\.code) == ["approvals"])
            let missing = try await scene.run("approvals", "DEV", ["--exit-code"])
            #expect(missing.exitCode == 2 && missing.output.contains("DEV: 0 of 1 approvals"), "\(missing)")
            let approved = try await scene.run("approve", "DEV", ["--sign-key", key.path])
            #expect(approved.exitCode == 0, "\(approved)")
            #expect(approved.output.contains("approved as ann@example.com, key SHA256:"), "\(approved)")
            let deployed = try await scene.apply()
            #expect(deployed.exitCode == 0, "\(deployed)")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.second)")
        }
    }
}
