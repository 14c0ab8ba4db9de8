import FoundationEssentials
import TestServers
import Testing

/// Passes that end at the git server, before the API server is asked: each has its exit code, and with `-o json` standard
/// output holds that and nothing else.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15))) struct GitFailureTests {
    /// Runs `plan` with settings from flags alone. The API server is one that nobody listens for: asking it would be exit 69.
    private static func plan(
        _ repository: String, _ arguments: [String] = [], variables: [String: String] = [:], secrets: [String] = []
    ) async throws -> DescryBinary.Run {
        let server = "https://127.0.0.1:\(try BackgroundServer.freePort())"
        return try await DescryBinary(secrets: secrets).run(
            [
                "plan", "DEV", "-o", "json", "--repository", repository, "--namespace", "shop", "--registry",
                "registry.example.com", "--server", server,
            ] + arguments, variables: variables)
    }

    private static func expect(_ run: DescryBinary.Run, exitCode: Int32, code: String) throws {
        #expect(run.exitCode == exitCode, "\(run)")
        let failure = try run.failure()
        #expect(failure.error.code == code, "\(run)")
        #expect(failure.exitCode == exitCode)
        #expect(!failure.error.message.isEmpty)
        #expect(run.errors.contains("error[\(code)]: "), "\(run)")
    }

    @Test func `a repository that does not have it`() async throws {
        let fixture = try await GitFixture()
        try await Self.expect(Self.plan(fixture.path), exitCode: 65, code: "repository-empty")
        try await fixture.commit(to: "STAGE", ["deploy-descriptor.yaml": "apps: []\n"])
        let branch = try await Self.plan(fixture.path)
        try Self.expect(branch, exitCode: 65, code: "branch-not-found")
        #expect(branch.errors.contains("DEV") && branch.errors.contains("STAGE"), "\(branch)")

        try await fixture.commit(
            to: "DEV",
            [
                "other.yaml": "apps: []\n", "folder/a.yaml": "apps: []\n", "link.yaml": .symlink("other.yaml"),
                "module": .submodule(String(repeating: "a", count: 40)),
                "large.yaml": .text(
                    "version https://git-lfs.github.com/spec/v1\noid sha256:\(String(repeating: "0", count: 64))\nsize 1\n"
                ),
            ])
        for (path, code) in [
            ("deploy-descriptor.yaml", "file-not-found"), ("folder", "path-is-directory"),
            ("link.yaml", "path-is-symlink"), ("module", "path-is-submodule"), ("large.yaml", "path-is-lfs-pointer"),
        ] {
            try await Self.expect(Self.plan(fixture.path, ["--descriptor", path]), exitCode: 65, code: code)
        }
        try await Self.expect(Self.plan("/not/there.git"), exitCode: 65, code: "repository-not-found")
        // The descriptor is read and good: only then is the API server asked.
        try await fixture.commit(
            to: "DEV", ["deploy-descriptor.yaml": "apps: [{name: a, version: 1.0.0-rc-0123456}]\n"])
        try await Self.expect(Self.plan(fixture.path), exitCode: 69, code: "unreachable")
    }

    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `a server that says no`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await GitFixture.environments(["deploy-descriptor.yaml": "apps: []\n"])
        let name = try server.serve(fixture)
        for (status, exitCode, code) in [
            (401, 77, "unauthorized"), (403, 77, "forbidden"), (404, 65, "repository-not-found"),
            (429, 69, "rate-limited"), (500, 69, "server-error"), (503, 69, "server-error"),
        ] as [(Int, Int32, String)] {
            try await Self.expect(
                Self.plan("\(server.plain)/status/\(status)/\(name)"), exitCode: exitCode, code: code)
        }
        // A password that is wrong, one that is right and the authority that is not, and a token in the URL.
        let password = "wrong-57b0-word"
        let authority = ["--git-certificate-authority", server.authority.certificate]
        let user = ["--git-username", GitHTTPServer.user]
        try await Self.expect(
            Self.plan(
                "\(server.secure)/basic/\(name)", authority + user, variables: ["DESCRY_GIT_PASSWORD": password],
                secrets: [password]), exitCode: 77, code: "unauthorized")
        try await Self.expect(
            Self.plan(
                "\(server.secure)/basic/\(name)", user, variables: ["DESCRY_GIT_PASSWORD": GitHTTPServer.password],
                secrets: [GitHTTPServer.password]), exitCode: 77, code: "tls-untrusted")
        try await Self.expect(
            Self.plan(
                "\(server.secure)/git/\(name)", ["--git-certificate-authority", "/not/there.pem"]), exitCode: 77,
            code: "certificate-authority")
    }

    @Test func `a server that is not there or never answers`() async throws {
        let nobody = "http://127.0.0.1:\(try BackgroundServer.freePort())/a.git"
        let silent = try FakeServer([.hang])
        let closing = try FakeServer([.read])
        // All at once: the silent one is given up after half a minute.
        try await withThrowingTaskGroup(of: (DescryBinary.Run, String).self) { group in
            group.addTask { (try await Self.plan(nobody), "connection-failed") }
            group.addTask { (try await Self.plan("http://127.0.0.1:\(closing.port)/a.git"), "connection-lost") }
            group.addTask { (try await Self.plan("http://127.0.0.1:\(silent.port)/a.git"), "idle-timeout") }
            group.addTask { (try await Self.plan("https://127.0.0.1:\(silent.port)/a.git"), "connect-timeout") }
            for try await (run, code) in group { try Self.expect(run, exitCode: 69, code: code) }
        }
    }

    @Test func `a pass that ends early writes its JUnit file all the same`() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/report.xml"
        // The last build's file must not be taken for this one's.
        try TemporaryFolder.write(file, Array("<old/>".utf8))
        let run = try await Self.plan("/not/there.git", ["--junit", file])
        #expect(run.exitCode == 65, "\(run)")
        let xml = try String(contentsOfFile: file, encoding: .utf8)
        #expect(xml.contains(#"<testsuite name="descry plan DEV" tests="1" failures="1""#), "\(xml)")
        #expect(xml.contains(#"<failure type="repository-not-found""#))

        let fixture = try await GitFixture()
        try await fixture.commit(to: "DEV", ["deploy-descriptor.yaml": "apps: [{name: a, version: latest}]\n"])
        let refused = try await Self.plan(fixture.path, ["--junit", file])
        #expect(refused.exitCode == 65)
        #expect(
            try String(contentsOfFile: file, encoding: .utf8).contains("DEV:deploy-descriptor.yaml:1:27"), "\(refused)")

        let unwritable = try await Self.plan("/not/there.git", ["--junit", folder.path + "/no/report.xml"])
        #expect(unwritable.exitCode == 1, "\(unwritable)")
        #expect(unwritable.errors.contains("error[unwritable-file]"))
    }

    @Test func `a descriptor's problems are told on standard error and in JSON, with their place`() async throws {
        let fixture = try await GitFixture()
        try await fixture.commit(
            to: "DEV", ["deploy-descriptor.yaml": "apps:\n  - name: Backend\n    verison: 1\n"])
        let run = try await Self.plan(fixture.path)
        #expect(run.exitCode == 65, "\(run)")
        let diagnostics = try #require(try run.failure().diagnostics)
        #expect(diagnostics.allSatisfy { $0.file == "DEV:deploy-descriptor.yaml" })
        #expect(Set(diagnostics.compactMap(\.line)) == [2, 3], "\(run)")
    }
}
