import TestServers
import Testing

/// `descry doctor`: healthy, and each broken state with its exit code and a way to mend it. It never writes.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct DoctorTests {
    typealias Scene = DeploymentScene

    @Test func `a healthy environment`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let run = try await scene.run("doctor", "DEV", ["-o", "json"])
            #expect(run.exitCode == 0, "\(run)")
            let health = try run.decoded(as: ReportedHealth.self)
            #expect(
                health.checks.map(\.name) == ["git", "descriptor", "token", "API server", "permissions", "workloads"])
            #expect(health.checks.map(\.result).filter { $0 != "ok" } == [])
            #expect(health.checks[0].message.contains(try await scene.repository.tip(of: "DEV")))
            let text = try await scene.run("doctor", "DEV")
            #expect(text.exitCode == 0, "\(text)")
            #expect(text.output.hasSuffix("DEV is ready\n"))
            #expect(try await scene.writes().isEmpty)
        }
    }

    /// What Descry can do without is a warning, with what follows from it.
    @Test(arguments: [("events", ["create"]), ("leases", ["get", "patch", "create"])])
    func `a token that lacks what Descry can do without is told of`(resource: String, verbs: [String]) async throws {
        let rules = PolicyRule.deployer.filter { $0.resources != [resource] }
        try await Scene.run([Scene.workload("backend")], rules: rules) { scene in
            try await scene.commit(("backend", Scene.second))
            let run = try await scene.run("doctor", "DEV", ["-o", "json"])
            #expect(run.exitCode == 0, "\(run)")
            let warnings = try run.decoded(as: ReportedHealth.self).checks("warning")
            #expect(warnings.count == verbs.count, "\(run)")
            for (warning, verb) in zip(warnings, verbs) {
                #expect(warning.message.hasPrefix("the token may not \(verb) \(resource)"), "\(run)")
            }
        }
    }

    /// A state to be in, the exit code that follows, and the checks that fail for it. What needs them is skipped.
    @Test func `each broken state has its exit code`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            try await scene.repository.commit(to: "BROKEN", ["deploy-descriptor.yaml": "apps: [\n"])
            try await scene.commit(("backnd", Scene.second), to: "TYPO")
            try await scene.commit(("backend", "\(Scene.second), container: web"), to: "CONTAINER")
            try await scene.commit(("backend", "\(Scene.second), kind: Deployment"), to: "KIND")
            let expired = try await scene.account.signedToken(validForSeconds: -60)
            let soon = try await scene.account.signedToken(validForSeconds: 600)
            for token in [expired, soon] { scene.descry.plant(token) }
            let nobody = "https://127.0.0.1:\(try BackgroundServer.freePort())"

            let states: [(arguments: [String], exitCode: Int32, failed: Set<String>)] = [
                (["--repository", "/not/there.git"], 65, ["git"]),
                (["--branch", "NONE"], 65, ["git"]),
                (["--descriptor", "none.yaml"], 65, ["git"]),
                (["--branch", "BROKEN"], 65, ["descriptor"]),
                (["--server", nobody], 69, ["API server"]),
                (
                    ["--token-file", try scene.account.tokenFile(expired)], 77,
                    ["token", "permissions", "API server", "workloads"]
                ),
                (["--branch", "KIND"], 77, ["permission", "workloads"]),
                (["--branch", "TYPO"], 78, ["workload statefulset/backnd"]),
                (["--branch", "CONTAINER"], 78, ["workload statefulset/backend"]),
                // Works, though not for long: a warning.
                (["--token-file", try scene.account.tokenFile(soon)], 0, []),
            ]
            for state in states {
                let run = try await scene.run("doctor", "DEV", ["-o", "json"] + state.arguments)
                #expect(run.exitCode == state.exitCode, "\(run)")
                let failed = try run.decoded(as: ReportedHealth.self).checks("failed")
                #expect(Set(failed.map(\.name)).isSubset(of: state.failed), "\(run)")
                #expect(failed.isEmpty == state.failed.isEmpty, "\(run)")
                #expect(failed.allSatisfy { !$0.message.isEmpty })
                if state.exitCode == 0 {
                    let warnings = try run.decoded(as: ReportedHealth.self).checks("warning")
                    #expect(warnings.map(\.name) == ["token"], "\(run)")
                }
            }
            #expect(try await scene.writes().isEmpty)
        }
    }
}
