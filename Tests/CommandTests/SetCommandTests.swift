import FoundationEssentials
import TestServers
import Testing

/// `descry set`, as a build pipeline calls it.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct SetCommandTests {
    private static let new = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"
    private static let descriptor =
        "apps:\n- name: backend # b\n  version: 1.0.0-rc-0123456\n- name: frontend\n  version: 1.0.0-rc-0123456\n"

    private static func fixture() async throws -> GitFixture {
        try await GitFixture.environments(["deploy-descriptor.yaml": .text(descriptor)])
    }

    private static func set(
        _ fixture: GitFixture, _ arguments: [String], variables: [String: String] = [:], input: String = "",
        in descry: DescryBinary? = nil
    ) async throws -> DescryBinary.Run {
        try await (try descry ?? DescryBinary()).run(
            ["set", "DEV", "--repository", fixture.path] + arguments, variables: variables, input: Array(input.utf8))
    }

    /// What `-o json` prints, as far as these tests look at it.
    private struct Report: Decodable {
        struct Commit: Decodable {
            var id: String
            var subject: String
        }
        struct App: Decodable, Equatable {
            var app: String
            var from: String
            var to: String
        }
        var command: String
        var outcome: String
        var commit: Commit?
        var parent: String
        var apps: [App]
        var diff: String
        var message: String?
        var remote: [String]
        var attempts: Int
        var seconds: Double
    }

    @Test func `Jenkins' variables become author, trailers and nothing else`() async throws {
        let fixture = try await Self.fixture()
        let jenkins = [
            "BUILD_USER": "Dana Deploy", "BUILD_USER_EMAIL": "dana@example.com",
            "BUILD_URL": "https://ci.example.com/job/backend/12/",
            "GIT_COMMIT": "020c8bb63785074bc3702c003333852fc8d9a343",
        ]
        let run = try await Self.set(fixture, ["backend=\(Self.new)", "-o", "json"], variables: jenkins)
        #expect(run.exitCode == 0, "\(run)")
        let report: Report = try run.decoded()
        let tip = try await fixture.tip(of: "DEV")
        #expect(report.command == "set" && report.outcome == "committed" && report.commit?.id == tip)
        #expect(report.apps == [.init(app: "backend", from: "1.0.0-rc-0123456", to: Self.new)])
        #expect(report.attempts == 1)
        let shown = try await fixture.git("log", "-1", "--format=%an <%ae>%n%cn%n%B", "DEV")
        #expect(
            shown == """
                Dana Deploy <dana@example.com>
                Dana Deploy
                Deploy backend 1.1.0-rc-020c8bb to DEV

                backend 1.0.0-rc-0123456 → \(Self.new)

                App: backend
                Version: \(Self.new)
                Build-URL: https://ci.example.com/job/backend/12/
                Source-Commit: 020c8bb63785074bc3702c003333852fc8d9a343


                """)
        #expect(
            try await fixture.git("show", "DEV:deploy-descriptor.yaml")
                == Self.descriptor.replacing(
                    "# b\n  version: 1.0.0-rc-0123456", with: "# b\n  version: \(Self.new)"))

        let again = try await Self.set(fixture, ["backend=\(Self.new)"])
        #expect(again.exitCode == 0)
        #expect(again.output == "DEV unchanged: \(tip.prefix(10)) says so already\n")
        #expect(try await fixture.tip(of: "DEV") == tip)
    }

    @Test func `the user's own git configuration names the author`() async throws {
        let fixture = try await Self.fixture()
        let descry = try DescryBinary()
        try descry.home.write(".gitconfig", "[user]\n\tname = Ann Example\n\temail = ann@example.com\n")
        let run = try await Self.set(fixture, ["backend=\(Self.new)"], in: descry)
        #expect(run.exitCode == 0, "\(run)")
        let flags = ["frontend=\(Self.new)", "--author", "Eve <eve@example.com>", "-m", "By hand"]
        #expect(try await Self.set(fixture, flags, in: descry).exitCode == 0)
        let shown = try await fixture.git("log", "-2", "--format=%an <%ae> %cn: %s", "DEV")
        #expect(
            shown == """
                Eve <eve@example.com> Eve: By hand
                Ann Example <ann@example.com> Ann Example: Deploy backend 1.1.0-rc-020c8bb to DEV

                """)
    }

    /// A batch is one commit, whatever form it has.
    @Test(arguments: [
        "# from the build\nbackend=\(new)\nfrontend=\(new)\n", "{\"backend\": \"\(new)\", \"frontend\": \"\(new)\"}",
    ])
    func `a batch comes from standard input or a file`(_ text: String) async throws {
        let fixture = try await Self.fixture()
        let run = try await Self.set(fixture, ["-f", "-", "--dry-run"], input: text)
        #expect(run.exitCode == 0, "\(run)")
        #expect(run.output.contains("-  version: 1.0.0-rc-0123456\n+  version: \(Self.new)\n"), "\(run)")
        #expect(run.output.hasSuffix("2 apps would change; nothing was committed\n"), "\(run)")
        #expect(try await fixture.git("rev-list", "--count", "DEV") == "1\n")
        let file = try fixture.folder.write("versions", text)
        let real = try await Self.set(fixture, ["--file", file])
        #expect(real.exitCode == 0, "\(real)")
        #expect(real.output.contains("backend: 1.0.0-rc-0123456 → 1.1.0-rc-020c8bb\n"), "\(real)")
        #expect(try await fixture.git("rev-list", "--count", "DEV") == "2\n")
    }

    /// git is the judge of the signature.
    @Test(.enabled(if: Requirement.sshAgent.isToRun, "\(Requirement.sshAgent)"))
    func `the commit is signed where a key is named, and only there`() async throws {
        let fixture = try await Self.fixture()
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let signers = try keys.folder.write("signers", "dana@example.com \(key.publicKey)\n")
        try await fixture.git("config", "gpg.ssh.allowedSignersFile", signers)
        let run = try await Self.set(fixture, ["backend=\(Self.new)", "--sign-key", key.path])
        #expect(run.exitCode == 0, "\(run)")
        try await fixture.git("verify-commit", "DEV")
        let shown = try await fixture.git("log", "-1", "--format=%G? %GS %s", "DEV")
        #expect(shown == "G dana@example.com Deploy backend 1.1.0-rc-020c8bb to DEV\n")

        // By the agent, which the public key's file asks for.
        let folder = try keys.folder.folder("agent")
        let agent = try await BackgroundServer(
            "ssh-agent", ["-D", "-a", folder + "/socket"], folder: folder, ports: [], socket: folder + "/socket")
        let variables = ["SSH_AUTH_SOCK": folder + "/socket"]
        try await Program.run("ssh-add", ["-q", key.path], variables: variables)
        let flags = ["frontend=\(Self.new)", "--sign-key", key.path + ".pub"]
        #expect(try await Self.set(fixture, flags).exitCode == 77)
        let byAgent = try await Self.set(fixture, flags, variables: variables)
        await agent.stop()
        #expect(byAgent.exitCode == 0, "\(byAgent)")
        try await fixture.git("verify-commit", "DEV")

        // What git is told to do for the user's own commits counts for nothing.
        let descry = try DescryBinary()
        try descry.home.write(
            ".gitconfig", "[user]\n\tsigningKey = \(key.path)\n[gpg]\n\tformat = ssh\n[commit]\n\tgpgSign = true\n")
        #expect(try await Self.set(fixture, ["backend=1.2.0-rc-020c8bb"], in: descry).exitCode == 0)
        #expect(try await fixture.git("log", "-1", "--format=%G?", "DEV") == "N\n")
        // Nor does it go unsaid where it matters.
        let file = try descry.home.write(
            "DEV.yaml",
            """
            environment: DEV
            repository: "\(fixture.path)"
            requireSigned: true
            allowedSigners: "\(signers)"
            """)
        for (flags, isSigned) in [([], false), (["--sign-key", key.path], true)] {
            let run = try await Self.set(
                fixture, ["backend=\(Self.new)", "--dry-run", "--environment-file", file] + flags, in: descry)
            #expect(
                run.exitCode == 0 && run.output.contains("note: DEV deploys signed commits only") != isSigned, "\(run)")
        }
        let missing = try await Self.set(fixture, ["backend=\(Self.new)", "--sign-key", "/not/there"])
        #expect(missing.exitCode == 77 && missing.errors.contains("error[key-file]"), "\(missing)")
    }

    /// Each way to be refused, and its exit code.
    @Test func `refusals have their exit codes`() async throws {
        let fixture = try await Self.fixture()
        let bad = try fixture.folder.write("bad", "backend\nfrontend=latest\n")
        let rows: [([String], Int32, [String])] = [
            (["backend"], 64, ["error[invalid-assignment]"]), (["backend=latest"], 64, ["error[version-numbers]"]),
            (["backend=\(Self.new)", "--build-url", "a b"], 65, ["error[build-url]"]),
            (["backend=\(Self.new)", "--author", "Ann"], 65, ["error[commit-identity]"]),
            (["bakend=\(Self.new)"], 65, ["error[unknown-app]", "Did you mean \"backend\"?"]),
            (["backend=\(Self.new)", "--versions", "release"], 65, ["error[channel-not-allowed]"]),
            (["-f", bad], 65, ["\(bad):1:1: error[invalid-assignment]", "\(bad):2:1: error[version-numbers]"]),
            (["-f", "/not/there"], 65, ["error[unreadable-file]"]),
            (["backend=\(Self.new)", "--branch", "PROD"], 65, ["error[branch-not-found]"]),
            (["backend=\(Self.new)", "--push-option", "x"], 65, ["error[push-options-unsupported]"]),
        ]
        for (arguments, code, words) in rows {
            let run = try await Self.set(fixture, arguments)
            #expect(run.exitCode == code, "\(run)")
            for word in words { #expect(run.errors.contains(word), "\(run)") }
        }
        try fixture.hook("pre-receive", "echo 'DEV is frozen until Monday'; exit 1")
        let refused = try await Self.set(fixture, ["backend=\(Self.new)", "-o", "json"])
        #expect(refused.exitCode == 77, "\(refused)")
        #expect(try refused.failure().error.code == "push-refused")
        #expect(refused.errors.contains("DEV is frozen until Monday"), "\(refused)")
        #expect(try await fixture.git("rev-list", "--count", "DEV") == "1\n")
    }

    @Test func `a repository alone is needed, from the file or the flag`() async throws {
        let fixture = try await Self.fixture()
        let descry = try DescryBinary()
        let missing = try await descry.run(["set", "DEV", "backend=\(Self.new)"])
        #expect(missing.exitCode == 65, "\(missing)")
        #expect(missing.errors.contains("--repository") && !missing.errors.contains("--namespace"), "\(missing)")
        let folder = try descry.home.folder("environments")
        try TemporaryFolder.write(
            folder + "/QA.yaml",
            Array(
                "environment: QA\nrepository: \(fixture.path)\nbranch: STAGE\nnamespace: qa\nregistry: r.example.com\n"
                    .utf8))
        let run = try await descry.run(["set", "QA", "backend=\(Self.new)"])
        #expect(run.exitCode == 0, "\(run)")
        #expect(try await fixture.git("log", "-1", "--format=%s", "STAGE") == "Deploy backend 1.1.0-rc-020c8bb to QA\n")
    }

    /// Over TLS with a password, which is told nowhere.
    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `credentials are those for reading`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await Self.fixture()
        let url = "\(server.secure)/basic/\(try server.serve(fixture))"
        let descry = try DescryBinary(secrets: [GitHTTPServer.password])
        let arguments = [
            "set", "DEV", "backend=\(Self.new)", "--repository", url, "--git-username", GitHTTPServer.user,
            "--git-certificate-authority", server.authority.certificate, "-v",
        ]
        let denied = try await descry.run(arguments, variables: ["DESCRY_GIT_PASSWORD": "wrong"])
        #expect(denied.exitCode == 77, "\(denied)")
        let run = try await descry.run(arguments, variables: ["DESCRY_GIT_PASSWORD": GitHTTPServer.password])
        #expect(run.exitCode == 0, "\(run)")
        #expect(try await fixture.git("rev-list", "--count", "DEV") == "2\n")
    }
}
