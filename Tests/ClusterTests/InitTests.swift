import FoundationEssentials
import TestServers
import Testing

/// `descry init` on a real API server: what it prints and writes is taken as it is.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct InitTests {
    typealias Scene = DeploymentScene

    @Test func `what runs becomes a repository that deploys it`() async throws {
        let workloads = [
            Scene.workload("backend"), Scene.workload("frontend", kind: "Deployment", container: "web"),
            Scene.workload("agent", kind: "DaemonSet"),
            Scene.workload("legacy", image: "\(Scene.registry)/legacy:latest"),
        ]
        let readers = [PolicyRule(["list"], ["statefulsets", "deployments", "daemonsets"])]
        try await Scene.run(workloads, rules: readers) { scene in
            let place = scene.folder.path + "/made"
            let access = [
                "--server", scene.plane.server, "--certificate-authority", scene.plane.certificateAuthority,
                "--token-file", scene.tokenFile,
            ]
            let run = try await scene.descry.run(
                ["init", place, "--environment", "DEV=\(scene.namespace.name)", "-o", "json"] + access)
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.decoded(as: Reported.self)
            #expect(report.environments.first?.apps.map(\.app) == ["agent", "backend", "frontend"])
            #expect(report.environments.first?.leftOut.map(\.workload) == ["statefulset/legacy"])
            // Reading was all: an account that may only list was enough, and nothing was tried besides.
            #expect(try await scene.writes().isEmpty)

            let rights = try String(contentsOfFile: place + "/rbac/DEV.yaml", encoding: .utf8)
            try await scene.plane.kubectl(["apply", "--dry-run=server", "--filename=-"], input: rights)
            try await scene.plane.kubectl(["apply", "--filename=-"], input: rights)
            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.token(expirationSeconds: 4 * 3600)
            scene.descry.plant(token)
            let flags = ["--environments", place + "/environments", "--token-file", try account.tokenFile(token)]
            let doctor = try await scene.descry.run(["doctor", "DEV"] + flags)
            #expect(doctor.exitCode == 0, "\(doctor)")
            let plan = try await scene.descry.run(["plan", "DEV", "--server-dry-run", "-o", "json"] + flags)
            #expect(plan.exitCode == 0, "\(plan)")
            let changes = try plan.decoded(as: Planned.self).apps.flatMap(\.changes)
            #expect(!changes.isEmpty && changes.allSatisfy { $0.reason == "annotation" }, "\(plan)")
            let apply = try await scene.descry.run(["apply", "DEV", "-o", "json"] + flags)
            #expect(apply.exitCode == 0, "\(apply)")
            // No pod was replaced. A Deployment's generation counts annotations as well, so its ReplicaSets tell.
            for object in ["statefulset/backend", "daemonset/agent"] {
                #expect(try await scene.field(object, ".metadata.generation") == "1", "\(object)")
            }
            let sets = try await scene.namespace.kubectl(["get", "replicasets", "--output=name"])
            #expect(sets.split(separator: "\n").count == 1, "\(sets)")
            let set = try await scene.descry.run(["set", "DEV", "frontend=\(Scene.second)"] + flags.prefix(2))
            #expect(set.exitCode == 0, "\(set)")
            let second = try await scene.descry.run(["apply", "DEV", "-o", "json"] + flags)
            #expect(second.exitCode == 0, "\(second)")
            #expect(try await scene.image("deployment/frontend").hasSuffix(Scene.second))
        }
    }

    private struct Planned: Decodable {
        struct App: Decodable {
            struct Change: Decodable { var reason: String }
            var changes: [Change]
        }
        var apps: [App]
    }

    private struct Reported: Decodable {
        struct Environment: Decodable {
            struct App: Decodable { var app: String }
            struct LeftOut: Decodable { var workload: String }
            var apps: [App]
            var leftOut: [LeftOut]
        }
        var environments: [Environment]
    }
}
