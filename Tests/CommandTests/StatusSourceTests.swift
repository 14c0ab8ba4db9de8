import TestServers
import Testing

/// Which environments `descry status` reads, and what it does with those that it cannot: no cluster is needed for that.
@Suite struct StatusSourceTests {
    private struct Reported: Decodable {
        struct Environment: Decodable {
            struct Error: Decodable {
                var code: String
                var exitCode: Int32
            }
            struct Diagnostic: Decodable { var code: String }

            var environment: String
            var namespace: String?
            var error: Error?
            var diagnostics: [Diagnostic]?
        }

        var environments: [Environment]
        var exitCode: Int32
    }

    private func file(_ name: String, _ more: String = "") -> String {
        "environment: \(name)\nrepository: /not/there.git\nnamespace: shop\nregistry: registry.example.com\n\(more)"
    }

    @Test func `without a name all environments of the folder are read, each by itself`() async throws {
        let descry = try DescryBinary()
        let folder = try descry.home.folder("environments")
        let files = ["DEV": file("DEV"), "LIVE": file("LIVE", "nmespace: x\n"), "STAGE": file("TEST")]
        for (name, text) in files { try TemporaryFolder.write("\(folder)/\(name).yaml", Array(text.utf8)) }
        let run = try await descry.run(["status", "-o", "json"])
        let report = try run.decoded(as: Reported.self)
        #expect(report.environments.map(\.environment) == ["DEV", "LIVE", "STAGE"])
        // DEV has settings and no repository; LIVE a mistyped setting; STAGE's file is another environment's.
        #expect(report.environments.map(\.namespace) == ["shop", nil, nil])
        #expect(report.environments.allSatisfy { $0.error?.exitCode == 65 }, "\(run)")
        #expect(report.environments[1].diagnostics?.map(\.code) == ["unknown-field"], "\(run)")
        #expect(report.environments[2].diagnostics?.map(\.code) == ["environment-mismatch"], "\(run)")
        #expect(run.errors.contains("LIVE.yaml:5:1: error[unknown-field]"), "\(run)")
        #expect(run.exitCode == 65)

        let named = try await descry.run(["status", "LIVE", "QA", "LIVE"])
        #expect(named.exitCode == 65, "\(named)")
        #expect(named.output.contains("LIVE cannot be read: "), "\(named)")
        #expect(named.output.contains("QA cannot be read: no-environment-file: "), "\(named)")
        #expect(!named.output.contains("DEV cannot"), "\(named)")
        #expect(named.output.split(separator: "\n").count { $0.hasPrefix("LIVE ") } == 1, "\(named)")
    }

    @Test func `a folder without environments is refused`() async throws {
        let run = try await DescryBinary().run(["status", "-o", "json"])
        #expect(run.exitCode == 65, "\(run)")
        #expect(try run.failure().error.code == "no-environments")
    }
}
