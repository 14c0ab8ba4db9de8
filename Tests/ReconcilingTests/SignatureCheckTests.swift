import Descriptors
import Documents
import Git
import Logging
import TestServers
import Testing

@testable import Reconciling

/// `requireSigned`: nothing of a branch is read whose commits aren't signed as they must be.
@Suite(.enabled(if: Requirement.signedCommits.isToRun, "\(Requirement.signedCommits)"))
struct SignatureCheckTests {
    @Test func `a descriptor is read only from a commit that somebody signed who may`() async throws {
        let fixture = try await GitFixture()
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let signers = keys.folder.path + "/signers"
        try TemporaryFolder.write(signers, Array("dana@example.com \(key.publicKey)\n".utf8))
        try await fixture.commit(to: "DEV", ["deploy-descriptor.yaml": "apps: []\n"])
        let source = try source(fixture, keys, "requireSigned: all\nallowedSigners: \(signers)\n")
        #expect(try await code { _ = try await source.current() } == "commit-unsigned")

        // Signed over the same tree, by git.
        let tree = try await fixture.git("rev-parse", "DEV^{tree}").filter { !$0.isNewline }
        let signed = try await fixture.git(
            "-c", "gpg.format=ssh", "-c", "user.signingKey=\(key.path)", "-c", "user.name=Dana", "-c",
            "user.email=dana@example.com", "commit-tree", tree, "-S", "-m", "Deploy"
        ).filter { !$0.isNewline }
        try await fixture.move("DEV", to: signed)
        #expect(try await source.current().apps.isEmpty)

        // The list counts as it is now.
        try TemporaryFolder.write(signers, Array("# nobody\n".utf8))
        #expect(try await code { _ = try await source.current() } == "signer-unknown")
        try TemporaryFolder.write(signers, Array("dana\n".utf8))
        await #expect(throws: Refused.self) { try await source.current() }
        let missing = try self.source(fixture, keys, "requireSigned: true\nallowedSigners: \(signers)-no\n")
        #expect(try await code { _ = try await missing.current() } == "signers-unreadable")
        // Without a rule it is not even opened.
        #expect(try await self.source(fixture, keys, "allowedSigners: \(signers)-no\n").current().apps.isEmpty)
        await source.repository.close()
    }

    private func source(_ fixture: GitFixture, _ keys: SSHKeys, _ settings: String) throws -> DescriptorSource {
        let text =
            "environment: DEV\nrepository: \(fixture.path)\nnamespace: shop\nregistry: r.example.com\n" + settings
        let environment = try EnvironmentSettings.parse(Array(text.utf8), file: "/DEV.yaml").resolve(name: "DEV")
        let variables = ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"]
        let repository = try GitRepository(
            remote: environment.repository,
            options: GitOptions(cacheDirectory: keys.folder.path + "/cache", environment: variables),
            logger: TestOutput.logger)
        return DescriptorSource(environment: environment, repository: repository)
    }

    private func code(of body: () async throws -> Void) async throws -> String? {
        do { try await body() } catch let error as GitError { return error.code }
        return nil
    }
}
