import TestServers
import Testing

/// `descry promote` and `descry rollback` where they do not get far: what they do with a cluster is tested where there is one.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct PromoteCommandTests {
    private static let descriptor = "apps:\n- {name: backend, version: 1.0.0-rc-0123456}\n"

    /// Environments whose API server nobody runs.
    private struct Scene {
        let fixture: GitFixture
        let descry: DescryBinary
        let folder: String

        /// - Parameter repository: the deployment repository's address; one on this machine where nil.
        init(repository: String? = nil) async throws {
            fixture = try await GitFixture.environments(["deploy-descriptor.yaml": .text(descriptor)])
            descry = try DescryBinary()
            folder = try descry.home.folder("environments")
            let token = try descry.home.write("token", "a-token")
            let server = "https://127.0.0.1:\(try BackgroundServer.freePort())"
            for name in ["DEV", "LIVE"] {
                let settings = """
                    environment: \(name)
                    repository: "\(repository ?? fixture.path)"
                    namespace: shop
                    registry: registry.example.com/shop
                    cluster: {server: "\(server)", tokenFile: "\(token)"}
                    """
                try TemporaryFolder.write("\(folder)/\(name).yaml", Array(settings.utf8))
            }
        }
    }

    @Test func `what is wrong is told with its exit code, and nothing is pushed`() async throws {
        let scene = try await Scene()
        let before = try await scene.fixture.git("for-each-ref")
        let rows: [([String], Int32, String)] = [
            (["promote", "DEV", "LIVE", "backend", "--source-repo", "a=/x", "--source-repo", "a=/y"], 64, "usage"),
            (["promote", "DEV", "LIVE", "backend", "--source-repo", "/x", "--source-repo", "/y"], 64, "usage"),
            (["promote", "DEV", "LIVE", "backend", "--source-repo", "ftp://x/y"], 64, "usage"),
            (["promote", "DEV", "LIVE", "backend", "--source-repo", "/not/there"], 65, "repository-not-found"),
            (["promote", "DEV", "LIFE", "backend"], 65, "no-environment-file"),
            (["promote", "DEV", "LIVE", "backend", "--sign-key", "/not/there"], 77, "key-file"),
            (["promote", "DEV", "DEV", "--all"], 65, "same-environment"),
            (["rollback", "LIFE"], 65, "no-environment-file"),
            (["rollback", "DEV", "--author", "Ann"], 65, "commit-identity"),
        ]
        for (arguments, code, word) in rows {
            let run = try await scene.descry.run(arguments + ["--environments", scene.folder])
            #expect(run.exitCode == code, "\(run)")
            #expect(run.errors.contains("error[\(word)]"), "\(run)")
        }
        #expect(try await scene.fixture.git("for-each-ref") == before)
    }

    @Test func `without the cluster's word nothing is done`() async throws {
        let scene = try await Scene()
        let before = try await scene.fixture.git("for-each-ref")
        for arguments in [
            ["promote", "DEV", "LIVE", "--all"], ["rollback", "DEV"], ["rollback", "DEV", "--to", "1"],
        ] {
            let run = try await scene.descry.run(arguments + ["-o", "json", "--environments", scene.folder])
            #expect(run.exitCode == 69, "\(run)")
            #expect(try run.failure().exitCode == 69)
        }
        #expect(try await scene.fixture.git("for-each-ref") == before)
    }

    /// A source repository is named on the command line, and may be anybody's.
    @Test func `the deployment repository's credentials go to its own server alone`() async throws {
        let (own, other) = (try RecordingServer { _, _ in .init(401) }, try RecordingServer { _, _ in .init(401) })
        let scene = try await Scene(repository: "http://127.0.0.1:\(own.port)/shop/deployments.git")
        for (server, isTrusted) in [(own, true), (other, false)] {
            let run = try await scene.descry.run(
                [
                    "promote", "DEV", "LIVE", "backend", "--source-repo",
                    "http://127.0.0.1:\(server.port)/shop/backend.git", "--environments", scene.folder,
                ], variables: ["DESCRY_GIT_USERNAME": "ann", "DESCRY_GIT_PASSWORD": "hunter2"])
            #expect(run.exitCode == 77, "\(run)")
            #expect(!server.requests.isEmpty)
            #expect(server.requests.contains { $0.headers["authorization"] != nil } == isTrusted, "\(run)")
        }
    }
}
