import Demo
import FoundationEssentials
import TestExamples
import TestServers
import Testing

/// `descry demo`: it plays to its end, what it prints can be repeated, and nothing remains.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct DemoTests {
    @Test func `it shows the main job without a terminal and leaves nothing behind`() async throws {
        let descry = try DescryBinary()
        let temporary = try descry.home.folder("tmp")
        // Settings of the user's that would make every command do something else.
        let run = try await descry.run(
            ["demo"],
            variables: [
                "TMPDIR": temporary, "DESCRY_NAMESPACE": "elsewhere", "KUBECONFIG": "/not/there",
                "GIT_DIR": "/not/there",
            ])
        #expect(run.exitCode == 0, "\(run)")
        #expect(run.errors.isEmpty, "\(run)")
        let lines = run.output.split(separator: "\n").map(String.init)
        var rest = lines[...]
        for words in [
            "1. ", "moneyclou-backend    1.2.0-rc-020c8bb 2/2 ok", "2. ", "DEV proven: 1 proven, 1 unchanged in",
            "3. ", #"CreateContainerConfigError: secret "moneyclou-frontend-config" not found"#, "(exit code 4)",
            "4. ", "replaced the stuck pod moneyclou-frontend-1", "DEV proven: 1 proven, 1 unchanged in", "5. ",
            "STAGE proven: 2 proven", "6. ", "STAGE rolled back: 1 failed, 1 rolled back", "(exit code 3)", "7. ",
            "channel-not-allowed", "(exit code 65)", "LIVE proven: 2 proven", "8. ",
            "moneyclou-frontend   1.3.0-rc-9f3c1d0 2/2 ok", " last failure: 1.4.0-rc-bad0002 config-error ",
            " s in all",
        ] {
            let found = try #require(rest.firstIndex { $0.contains(words) }, "no more \(words): \(run)")
            rest = rest[(found + 1)...]
        }
        #expect(!run.output.contains("\u{1B}"))
        #expect(TemporaryFolder.files(below: descry.home.path).isEmpty)
        #expect(TemporaryFolder.names(in: temporary).isEmpty)
    }

    @Test func `kept, its commands can be repeated by hand`() async throws {
        let descry = try DescryBinary()
        let temporary = try descry.home.folder("tmp")
        let run = try await descry.run(
            ["demo", "--keep"], variables: ["TMPDIR": temporary], until: { $0.hasPrefix("Ctrl-C ends it") }
        ) { lines in
            let folder = try #require(lines.last { $0.hasPrefix("  cd ") }).dropFirst("  cd ".count)
            #expect(folder.hasPrefix(temporary))
            let printed = lines.compactMap { $0.hasPrefix("$ descry ") ? $0.dropFirst("$ descry ".count) : nil }
            let offered = lines.compactMap { $0.hasPrefix("  descry ") ? $0.dropFirst("  descry ".count) : nil }
            #expect(printed.count > 5 && offered.count > 1)
            for command in Set(printed + offered) {
                let again = try await descry.run(
                    command.split(separator: " ").map(String.init), folder: String(folder))
                #expect(again.exitCode == 0, "\(again)")
            }
            for line in lines where line.hasPrefix("  git ") {
                let words = line.split(separator: " ").map(String.init).dropFirst()
                let log = try await Program.run("git", ["-C", String(folder)] + words)
                #expect(log.contains("Deploy backend 1.2.1 to DEV"))
            }
            #expect(lines.contains("  export KUBECONFIG=$PWD/kubeconfig DESCRY_CACHE=$PWD/cache"))
            if Program.find("kubectl") != nil {
                let pods = try await Program.run(
                    "kubectl", ["--kubeconfig=\(folder)/kubeconfig", "-n", "shop-dev", "get", "pods"])
                #expect(pods.contains("moneyclou-frontend-1"))
            }
        }
        #expect(run.exitCode == 0, "\(run)")
        #expect(TemporaryFolder.names(in: temporary).isEmpty)
    }

    @Test func `interrupted on the way, it cleans up and says so`() async throws {
        let descry = try DescryBinary()
        let temporary = try descry.home.folder("tmp")
        let run = try await descry.run(
            ["demo"], variables: ["TMPDIR": temporary], until: { $0.hasPrefix("2. ") }, { _ in })
        #expect(run.exitCode == 1, "\(run)")
        #expect(!run.output.contains("8. "))
        #expect(TemporaryFolder.names(in: temporary).isEmpty)
    }

    @Test func `without git it says what is missing`() async throws {
        let descry = try DescryBinary()
        let programs = try descry.home.folder("bin")
        let env = try #require(Program.find("env"))
        try FileManager.default.createSymbolicLink(atPath: programs + "/env", withDestinationPath: env)
        let run = try await descry.run(["demo"], variables: ["PATH": programs])
        #expect(run.exitCode == 1, "\(run)")
        #expect(run.errors.contains("error[no-git]"), "\(run)")
    }

    /// The binary carries them, so that the demo needs no folder beside it.
    @Test(arguments: ExampleFiles.all.map(\.name)) func `the examples are those of the project`(_ name: String) throws {
        let example = try #require(ExampleFiles.all.first { $0.name == name })
        let folder = projectFolder() + "/environments"
        #expect(try String(contentsOfFile: "\(folder)/\(name).yaml", encoding: .utf8) == example.environment)
        let descriptor = "\(folder)/descriptors/\(name)/deploy-descriptor.yaml"
        #expect(try String(contentsOfFile: descriptor, encoding: .utf8) == example.descriptor)
    }
}
