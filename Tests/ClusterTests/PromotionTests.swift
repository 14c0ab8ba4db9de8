import FoundationEssentials
import TestServers
import Testing

/// `descry promote` and `descry rollback`, from the command line to the real API server's history and back to the cluster.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct PromotionTests {
    typealias Scene = DeploymentScene

    /// What `-o json` prints, as far as these tests look at it.
    private struct Report: Decodable {
        struct Commit: Decodable { var id: String }
        struct Source: Decodable {
            var environment: String
            var commit: String
        }
        struct App: Decodable {
            struct Proof: Decodable {
                var environment: String
                var deployment: Int
                var commit: String
                var since: String
            }
            var app: String
            var from: String
            var to: String
            var proof: Proof?
        }
        var command: String
        var environment: String
        var outcome: String
        var commit: Commit?
        var source: Source?
        var apps: [App]
        var diff: String
        var notes: [String]
    }

    private static func promote(_ scene: Scene, _ arguments: String...) async throws -> DescryBinary.Run {
        try await scene.run("promote", "DEV", ["LIVE", "-o", "json"] + arguments)
    }

    private static func codes(_ run: DescryBinary.Run) throws -> [String] {
        struct Refusal: Decodable {
            struct Diagnostic: Decodable { var code: String }
            var diagnostics: [Diagnostic]
        }
        #expect(run.exitCode == 65, "\(run)")
        return try JSONDecoder().decode(Refusal.self, from: Data(run.output.utf8)).diagnostics.map(\.code)
    }

    @Test func `a version is proven, promoted, broken and rolled back`() async throws {
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")]) { scene in
            try scene.environment("LIVE")
            let old = Fate.runs.version("0.9.0")
            try await scene.commit(("backend", old), ("frontend", old), to: "LIVE")
            let first = try await scene.commit(("backend", Scene.first), ("frontend", Scene.first))
            // It runs, and nobody has proven it.
            #expect(try Self.codes(try await Self.promote(scene, "--all")) == ["not-proven", "not-proven"])
            let adopted = try await scene.apply()
            #expect(adopted.exitCode == 0, "\(adopted)")
            #expect(try Self.codes(try await Self.promote(scene, "backend", "--require-soak", "100h")) == ["soaking"])

            let run = try await Self.promote(scene, "--all")
            #expect(run.exitCode == 0, "\(run)")
            let report: Report = try run.decoded()
            #expect(report.command == "promote" && report.environment == "LIVE" && report.outcome == "committed")
            #expect(report.source?.environment == "DEV" && report.source?.commit == first)
            #expect(report.apps.map(\.to) == [Scene.first, Scene.first])
            #expect(report.apps.allSatisfy { $0.proof?.deployment == 1 && $0.proof?.commit == first })
            #expect(try await scene.repository.tip(of: "LIVE") == report.commit?.id)

            let broken = Fate.pullFails.version("1.1.0")
            let failed = try await scene.deploy(("backend", broken), ("frontend", Scene.first))
            #expect(failed.exitCode == 3, "\(failed)")
            let refused = try await Self.promote(scene, "backend")
            #expect(try Self.codes(refused) == ["quarantined"])
            #expect(refused.errors.contains("\(broken) failed in DEV, in deployment 2: image-pull: "), "\(refused)")

            // The cluster went back by itself; now the branch does, too.
            let back = try await scene.run("rollback", "DEV", ["-o", "json"])
            #expect(back.exitCode == 0, "\(back)")
            let rollback: Report = try back.decoded()
            #expect(rollback.command == "rollback" && rollback.apps.map(\.to) == [Scene.first])
            #expect(rollback.notes == ["no app is named: those that deployment 2 changed"])
            let settled = try await scene.apply()
            #expect(settled.exitCode == 0, "\(settled)")
            #expect(try settled.pass().outcome == "unchanged")
            #expect(
                try Self.codes(try await scene.run("rollback", "DEV", ["-o", "json", "--to", "2"])) == ["quarantined"])
        }
    }

    /// Two builds of the same numbers: the source's history tells which is newer, and nothing else does.
    @Test func `of equal numbers the source repository decides`() async throws {
        let source = try await GitFixture(name: "backend.git", head: "develop")
        let older = try await source.commit(to: "develop", ["a.c": "1\n"], time: 1_750_000_000)
        let newer = try await source.commit(to: "develop", ["a.c": "2\n"], time: 1_750_000_060)
        try await Scene.run([Scene.workload("backend")]) { scene in
            try scene.environment("LIVE")
            try await scene.commit(("backend", "1.1.0-rc-\(older)"), to: "LIVE")
            let deployed = try await scene.deploy(("backend", "1.1.0-rc-\(newer)"))
            #expect(deployed.exitCode == 0, "\(deployed)")
            let unknown = try await Self.promote(scene, "backend")
            #expect(try Self.codes(unknown) == ["order-unknown"])
            #expect(unknown.errors.contains("--source-repo"), "\(unknown)")
            let run = try await Self.promote(scene, "backend", "--source-repo", "backend=\(source.path)", "--dry-run")
            #expect(run.exitCode == 0, "\(run)")
            let report: Report = try run.decoded()
            #expect(report.outcome == "pending" && report.apps.map(\.to) == ["1.1.0-rc-\(newer)"])

            // And back it is a downgrade.
            try await scene.commit(("backend", "1.1.0-rc-\(newer)"), to: "LIVE")
            let second = try await scene.deploy(("backend", "1.1.0-rc-\(older)"))
            #expect(second.exitCode == 0, "\(second)")
            let down = try await Self.promote(scene, "backend", "--source-repo", source.path)
            #expect(try Self.codes(down) == ["downgrade"])
            let allowed = try await Self.promote(scene, "backend", "--allow-downgrade")
            #expect(allowed.exitCode == 0, "\(allowed)")
        }
    }

    /// A token that may deploy, and not read what was deployed, can prove nothing.
    @Test func `a history that may not be read is needed`() async throws {
        try await Scene.run([Scene.workload("backend")], rules: PolicyRule.smallest) { scene in
            try scene.environment("LIVE")
            try await scene.commit(("backend", Scene.first))
            try await scene.commit(("backend", Fate.runs.version("0.9.0")), to: "LIVE")
            for run in [
                try await Self.promote(scene, "backend"), try await scene.run("rollback", "DEV", ["-o", "json"]),
            ] {
                #expect(run.exitCode == 77, "\(run)")
                #expect(try run.failure().error.code == "forbidden")
            }
        }
    }
}
