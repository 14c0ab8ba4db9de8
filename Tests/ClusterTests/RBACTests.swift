import TestServers
import Testing

/// `descry rbac`: what it prints is taken by the API server as it is, and suffices.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct RBACTests {
    typealias Scene = DeploymentScene

    /// Each scope: a kind, named workloads, and named workloads without lists. The last one polls.
    @Test(
        arguments: [
            ([], 0), (["--kind", "StatefulSet", "--kind", "Deployment"], 0), (["--named"], 0),
            (["--named", "--no-list"], 2),
        ] as [([String], Int)])
    func `the printed rights suffice for doctor, plan and apply`(_ arguments: [String], warnings: Int) async throws {
        try await Scene.run([Scene.workload("backend"), Scene.workload("stranger")], rules: []) { scene in
            try await scene.commit(("backend", Scene.second))
            let before = try await scene.run("apply", "DEV", ["-o", "json"])
            #expect(before.exitCode == 77, "\(before)")

            let printed = try await scene.run("rbac", "DEV", arguments)
            #expect(printed.exitCode == 0, "\(printed)")
            // Validated as a user's kubectl would, against the server's schema.
            try await scene.plane.kubectl(["apply", "--dry-run=server", "--filename=-"], input: printed.output)
            let json = try await scene.run("rbac", "DEV", ["-o", "json"] + arguments)
            try await scene.plane.kubectl(["apply", "--filename=-"], input: json.output)

            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.token(expirationSeconds: 4 * 3600)
            scene.descry.plant(token)
            let access = ["--token-file", try account.tokenFile(token)]
            let doctor = try await scene.run("doctor", "DEV", ["-o", "json"] + access)
            #expect(doctor.exitCode == 0, "\(doctor)")
            #expect(try doctor.decoded(as: ReportedHealth.self).checks("warning").count == warnings, "\(doctor)")
            for (command, outcome) in [("plan", "pending"), ("apply", "proven")] {
                let run = try await scene.run(command, "DEV", ["-o", "json"] + access)
                #expect(run.exitCode == 0, "\(run)")
                #expect(try run.pass().outcomes == ["backend": outcome])
            }
            if arguments.contains("--named") {
                try await scene.commit(("stranger", Scene.second))
                let other = try await scene.run("apply", "DEV", ["-o", "json"] + access)
                #expect(other.exitCode == 77, "\(other)")
                #expect(try await scene.field("statefulset/stranger", ".metadata.generation") == "1")
            }
        }
    }

    /// A Deployment's canary is a Deployment that is created: a right that no other app needs.
    @Test func `doctor asks for what canaries need, and rbac grants it`() async throws {
        try await Scene.run([Scene.workload("frontend", kind: "Deployment", replicas: 2)], rules: []) { scene in
            try await scene.commit(
                ("frontend", "\(Scene.second), kind: Deployment, strategy: {canary: {hold: 1m}}"))
            for (arguments, exitCode) in [
                (["--kind", "Deployment"], 77), (["--kind", "Deployment", "--canary"], 0), (["--named"], 0),
                (["--named", "--no-list", "--minimal"], 0),
            ] as [([String], Int32)] {
                let printed = try await scene.run("rbac", "DEV", arguments)
                #expect(printed.exitCode == 0, "\(printed)")
                try await scene.plane.kubectl(["apply", "--filename=-"], input: printed.output)
                let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
                let token = try await account.token(expirationSeconds: 4 * 3600)
                scene.descry.plant(token)
                let access = ["--token-file", try account.tokenFile(token)]
                let doctor = try await scene.run("doctor", "DEV", ["-o", "json"] + access)
                #expect(doctor.exitCode == exitCode, "\(doctor)")
                guard exitCode != 0 else { continue }
                let failed = try doctor.decoded(as: ReportedHealth.self).checks("failed")
                #expect(failed.contains { $0.message.contains("create deployments") }, "\(doctor)")
                #expect(failed.contains { $0.message.contains("frontend-canary") }, "\(doctor)")
                #expect(failed.allSatisfy { $0.hint?.contains("descry rbac DEV --named") == true }, "\(doctor)")
            }
        }
    }

    @Test func `the Secret for a token without expiry is filled in and works`() async throws {
        try await Scene.run([Scene.workload("backend")], rules: []) { scene in
            try await scene.commit(("backend", Scene.second))
            let printed = try await scene.run("rbac", "DEV", ["--token-secret"])
            try await scene.plane.kubectl(["apply", "--filename=-"], input: printed.output)
            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.secretToken(of: "descry-dev-token")
            let run = try await scene.run("apply", "DEV", ["-o", "json"], variables: ["DESCRY_TOKEN": token])
            scene.descry.plant(token)
            // The environment file's token file is put aside by the variable.
            #expect(run.exitCode == 0, "\(run)")
        }
    }
}
