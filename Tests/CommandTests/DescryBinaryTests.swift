import TestServers
import Testing

/// What the other suites rely on: that a run which tells a secret is noticed.
@Suite struct DescryBinaryTests {
    @Test(arguments: [
        // On standard output: the namespace is part of the Role.
        ["rbac", "DEV", "--namespace", "planted"],
        // On standard error: the repository is named by the error.
        ["plan", "DEV", "--namespace", "shop", "--repository", "/not/planted.git", "--server", "https://127.0.0.1:1"],
    ])
    func `a run that tells a secret throws`(_ arguments: [String]) async throws {
        let descry = try DescryBinary()
        let rest = ["--registry", "registry.example.com"]
        let variables = ["DESCRY_REPOSITORY": "/not/there.git"]
        let run = try await descry.run(arguments + rest, variables: variables)
        #expect(run.output.contains("planted") || run.errors.contains("planted"), "\(run)")
        descry.plant("planted")
        await #expect(throws: DescryBinary.SecretTold.self) {
            try await descry.run(arguments + rest, variables: variables)
        }
    }
}
