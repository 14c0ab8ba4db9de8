import TestServers
import Testing

/// Where an environment's settings come from: file, variables, flags. `rbac` shows them without a cluster.
@Suite struct EnvironmentSourceTests {
    /// A folder `environments` with files as named, and descry running beside it.
    private func run(
        _ arguments: [String], files: [String: String] = ["DEV": minimum], variables: [String: String] = [:]
    ) async throws -> DescryBinary.Run {
        let descry = try DescryBinary()
        let folder = try descry.home.folder("environments")
        for (name, text) in files { try TemporaryFolder.write("\(folder)/\(name).yaml", Array(text.utf8)) }
        return try await descry.run(arguments, variables: variables)
    }

    private static let minimum = """
        environment: DEV
        repository: https://git.example.com/shop/deployments.git
        namespace: from-file
        registry: registry.example.com/shop

        """

    @Test func `flags go over variables, and variables over the file`() async throws {
        let variable = ["DESCRY_NAMESPACE": "from-variable"]
        let flag = ["--namespace", "from-flag"]
        for (arguments, variables, namespace) in [
            ([], [:], "from-file"), ([], variable, "from-variable"), (flag, [:], "from-flag"),
            (flag, variable, "from-flag"), (["-n", "from-flag"], variable, "from-flag"),
            // Pipelines cannot always leave a variable out: one that is empty counts as absent.
            ([], ["DESCRY_NAMESPACE": ""], "from-file"),
        ] as [([String], [String: String], String)] {
            let run = try await run(["rbac", "DEV"] + arguments, variables: variables)
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("namespace: \(namespace)\n"), "\(run)")
            #expect(run.errors.isEmpty)
        }
    }

    @Test func `without any file flags and variables say all`() async throws {
        let run = try await run(
            ["rbac", "DEV", "--registry", "registry.example.com"], files: [:],
            variables: ["DESCRY_REPOSITORY": "/srv/deployments.git", "DESCRY_NAMESPACE": "shop"])
        #expect(run.exitCode == 0, "\(run)")
        #expect(run.output.contains("namespace: shop\n"))
    }

    @Test func `what no source gives is named with its key, flag and variable`() async throws {
        let run = try await run(
            ["plan", "DEV", "-o", "json"], files: ["DEV": "environment: DEV\nregistry: r.example.com\n"])
        #expect(run.exitCode == 65, "\(run)")
        let failure = try run.failure()
        #expect(failure.error.code == "refused")
        #expect(failure.diagnostics?.map(\.code) == ["missing-setting", "missing-setting"])
        for word in ["`namespace:`", "--namespace", "DESCRY_NAMESPACE", "--repository", "DESCRY_REPOSITORY"] {
            #expect(run.errors.contains(word), "\(run)")
        }
    }

    @Test func `an environment without a file names those that have one`() async throws {
        let files = ["DEV": Self.minimum, "STAGE": Self.minimum, "LIVE": Self.minimum]
        for (name, hint) in [("LIVES", "Did you mean LIVE?"), ("QA", "--environments")] {
            let run = try await run(["plan", name, "-o", "json"], files: files)
            #expect(run.exitCode == 65, "\(run)")
            let error = try run.failure().error
            #expect(error.code == "no-environment-file")
            #expect(error.message.contains("DEV, LIVE, STAGE"), "\(error)")
            #expect(error.hint?.contains(hint) == true, "\(error)")
        }
    }

    @Test func `LIVE's settings cannot be had under DEV's name`() async throws {
        let live = Self.minimum.replacing("environment: DEV", with: "environment: LIVE")
        let run = try await run(["plan", "DEV", "-o", "json"], files: ["DEV": live])
        #expect(run.exitCode == 65, "\(run)")
        #expect(try run.failure().diagnostics?.map(\.code) == ["environment-mismatch"])
    }

    @Test func `the folder and the file can be named by flag and variable`() async throws {
        let descry = try DescryBinary()
        let folder = try descry.home.folder("elsewhere")
        let file = folder + "/DEV.yaml"
        try TemporaryFolder.write(file, Array(Self.minimum.utf8))
        for (arguments, variables) in [
            (["--environments", folder], [:]), ([], ["DESCRY_ENVIRONMENTS": folder]),
            (["--environment-file", file], [:]), ([], ["DESCRY_ENVIRONMENT_FILE": file]),
        ] as [([String], [String: String])] {
            let run = try await descry.run(["rbac", "DEV"] + arguments, variables: variables)
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("namespace: from-file\n"))
        }
        let absent = try await descry.run(["rbac", "DEV", "--environment-file", folder + "/QA.yaml", "-o", "json"])
        #expect(absent.exitCode == 65, "\(absent)")
        #expect(try absent.failure().error.code == "unreadable-file")
    }

    @Test func `every problem of an environment file is told at once, with its place`() async throws {
        let text = Self.minimum + "versions: [beta]\nnamspace: shop\n"
        let run = try await run(["plan", "DEV", "-o", "json"], files: ["DEV": text])
        #expect(run.exitCode == 65, "\(run)")
        let diagnostics = try #require(try run.failure().diagnostics)
        #expect(diagnostics.map(\.line) == [5, 6], "\(run)")
        #expect(diagnostics.allSatisfy { $0.file == "environments/DEV.yaml" })
        #expect(run.errors.contains("Did you mean \"namespace\"?"), "\(run)")
    }

    @Test func `a mistyped variable is told`() async throws {
        let run = try await run(["rbac", "DEV"], variables: ["DESCRY_NAMESPCE": "x"])
        #expect(run.exitCode == 0, "\(run)")
        #expect(run.errors.contains("DESCRY_NAMESPCE: warning[unknown-variable]"), "\(run)")
        #expect(run.errors.contains("Did you mean DESCRY_NAMESPACE?"))
    }
}
