import Documents
import FoundationEssentials
import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// `descry promote` with a cluster, its history and a git server.
@Suite(.timeLimit(.minutes(15))) struct PromotionTests {
    typealias Scene = SandboxScene

    private static let old = Fate.runs.version("0.9.0")

    @Test(arguments: SetScene.Way.available)
    func `what is proven is committed to the other branch, and nothing else of it`(_ way: SetScene.Way) async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let parent = try await scene.commit(
                [("backend", Self.old), ("job", Self.old), ("frontend", Scene.first)], to: "LIVE")
            let before = try await scene.descriptor(of: "LIVE")
            let source = try await scene.repository.tip(of: "DEV")

            let dry = try await scene.promote(nil, by: way, isDryRun: true)
            #expect(dry.outcome == .pending && dry.commit == nil)
            #expect(dry.diff.contains("-  version: '\(Self.old)'\n+  version: '\(Scene.first)'\n"), "\(dry.diff)")
            #expect(try await scene.repository.tip(of: "LIVE") == parent)

            let report = try await scene.promote(nil, by: way)
            #expect(report.command == .promote && report.outcome == .committed && report.parent == parent)
            #expect(report.source == .init(environment: "DEV", commit: source))
            #expect(report.apps.map(\.app) == ["backend"])
            let proof = try #require(report.apps.first?.proof)
            #expect(proof.environment == "DEV" && proof.deployment == 1 && proof.commit == source)
            #expect(
                try await scene.descriptor(of: "LIVE")
                    == before.replacing(
                        "backend\n  version: '\(Self.old)'", with: "backend\n  version: '\(Scene.first)'"))
            let message = try await scene.repository.git("log", "-1", "--format=%B", "LIVE")
            #expect(message.hasPrefix("Promote backend 1.0.0-rc-c0ffee0 from DEV to LIVE\n\n"), "\(message)")
            #expect(message.contains("\nVersion: \(Scene.first)\nPromoted-From: DEV@\(source)\n"), "\(message)")

            #expect(try await scene.promote(["backend", "frontend"]).outcome == .unchanged)
        }
    }

    @Test func `what is not proven is not promoted`() async throws {
        try await Scene.run(["backend"]) { scene in
            let parent = try await scene.commit([("backend", Self.old)], to: "LIVE")
            func codes(soak: Duration? = nil) async throws -> [String] {
                try await Scene.codes { _ = try await scene.promote(["backend"], soak: soak) }
            }
            #expect(try await codes(soak: .seconds(86_400)) == ["soaking"])
            // Not deployed, and then failed and taken back.
            let broken = Fate.pullFails.version("1.1.0")
            try await scene.commit([("backend", broken)])
            #expect(try await codes() == ["not-proven"])
            #expect(try await scene.apply().status == .rolledBack)
            #expect(try await codes() == ["quarantined"])
            // Nobody waited for it.
            try await scene.commit([("backend", Scene.second)])
            #expect(try await scene.apply(extent: .patch).status == .done)
            #expect(try await codes() == ["not-proven"])
            #expect(try await scene.repository.tip(of: "LIVE") == parent)
            #expect(try await scene.repository.git("rev-list", "--count", "LIVE") == "1\n")
        }
    }

    /// Who was faster has changed what the decision is about: it is made again.
    @Test func `a lost race is decided anew on the new tip`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            try await scene.commit([("backend", Self.old), ("frontend", Self.old)], to: "LIVE")
            let rival = try await GitFixture()
            try await rival.git("fetch", "-q", scene.repository.path, "+LIVE:refs/heads/LIVE")
            let text = try await scene.descriptor(of: "LIVE")
            let newer = Fate.runs.version("2.0.0")
            let commit = try await rival.commit(
                to: "LIVE",
                [
                    "deploy-descriptor.yaml": .text(
                        text.replacing("backend\n  version: '\(Self.old)'", with: "backend\n  version: '\(newer)'"))
                ], time: 1_750_000_100)
            try scene.repository.hook(
                "pre-receive",
                """
                if mkdir once 2>/dev/null; then
                  env -u GIT_QUARANTINE_PATH -u GIT_OBJECT_DIRECTORY -u GIT_ALTERNATE_OBJECT_DIRECTORIES \
                    git fetch -q '\(rival.path)' +LIVE:refs/heads/LIVE
                fi
                """)
            #expect(try await Scene.codes { _ = try await scene.promote(nil) } == ["downgrade"])
            #expect(try await scene.repository.tip(of: "LIVE") == commit)
            let report = try await scene.promote(["frontend"])
            #expect(report.outcome == .committed && report.parent == commit)
            #expect(try await scene.descriptor(of: "LIVE").contains("backend\n  version: '\(newer)'"))
        }
    }

    /// Of a release that git alone knows, because it was never deployed: on the branch that it was once named on.
    @Test(arguments: ["DEV", "LIVE"])
    func `a release that a descriptor has named before is found`(_ branch: String) async throws {
        try await Scene.run(["backend"]) { scene in
            let release = Fate.runs.version("1.0.0", channel: "release")
            if branch == "DEV" { try await scene.commit([("backend", release)]) }
            try await scene.commit([("backend", branch == "LIVE" ? release : Self.old)], to: "LIVE")
            try await scene.commit([("backend", Self.old)], to: "LIVE")
            try await scene.commit([("backend", Scene.first)])
            #expect(try await scene.apply().status == .done)
            for (versions, codes) in [("release", ["release-not-proven"]), ("rc", [])] {
                do {
                    _ = try await scene.promote(["backend"], versions: versions, isDryRun: true)
                    #expect(codes.isEmpty)
                } catch let refused as Refused {
                    #expect(refused.diagnostics.map(\.code) == codes)
                    #expect(refused.diagnostics.first?.message.contains(release) == true, "\(refused)")
                }
            }
        }
    }

    @Test func `an environment is not promoted to itself`() async throws {
        try await Scene.run(["backend"]) { scene in
            let codes = try await Scene.codes { _ = try await scene.promote(nil, to: "DEV") }
            #expect(codes == ["same-environment"])
        }
    }
}
