import Reconciling
import TestServers
import Testing

/// `--help` and `--version`: what they say is what the table of settings says.
@Suite struct HelpTests {
    static let commands = ["plan", "apply", "history", "rbac", "doctor"]

    @Test(arguments: commands) func `every setting's flag and variable is named`(_ command: String) async throws {
        let run = try await DescryBinary().run([command, "--help"])
        #expect(run.exitCode == 0, "\(run)")
        // Lines are wrapped at spaces; neither a flag nor a variable holds one.
        let words = Set(run.output.split { " \n,;:.[]()".contains($0) }.map(String.init))
        for setting in EnvironmentSetting.allCases {
            if let flag = setting.flag { #expect(words.contains(flag)) }
            if let variable = setting.variable { #expect(words.contains(variable)) }
        }
        for word in ["DESCRY_ENVIRONMENTS", "DESCRY_ENVIRONMENT_FILE", "DESCRY_CACHE", "--environments", "-o"] {
            #expect(words.contains(word))
        }
        // And no other: a setting that is gone must go from here too.
        let known = Set(EnvironmentSetting.allCases.compactMap(\.variable))
            .union(["DESCRY_ENVIRONMENTS", "DESCRY_ENVIRONMENT_FILE", "DESCRY_CACHE", "DESCRY_…"])
        #expect(words.filter { $0.hasPrefix("DESCRY_") }.subtracting(known).isEmpty)
    }

    @Test func `a flag and a variable of every setting are taken`() async throws {
        // A value that no setting takes shows which one read it.
        for setting in EnvironmentSetting.allCases where !setting.isSecret {
            guard let flag = setting.flag, let name = setting.variable else { continue }
            let flagged = try await DescryBinary().run(["plan", "DEV", flag, "\u{7}"])
            #expect(flagged.exitCode == 64, "\(flagged)")
            #expect(flagged.errors.contains("\(flag): error["), "\(flagged)")
            let variable = try await DescryBinary().run(["plan", "DEV"], variables: [name: "\u{7}"])
            #expect(variable.exitCode == 65, "\(variable)")
            #expect(variable.errors.contains("\(name): error["), "\(variable)")
        }
    }

    @Test func `the help lists every command and every exit code`() async throws {
        let run = try await DescryBinary().run(["--help"])
        #expect(run.exitCode == 0)
        let others = [
            "init", "lint", "run", "status", "set", "promote", "rollback", "approve", "approvals", "demo", "sandbox",
        ]
        for command in Self.commands + others {
            #expect(run.output.contains("\n  \(command) "))
        }
        for code in [0, 1, 2, 4, 64, 65, 69, 77, 78] { #expect(run.output.contains("\n  \(code) "), "\(code)") }
    }

    @Test func `the version is one line`() async throws {
        let run = try await DescryBinary().run(["--version"])
        #expect(run.exitCode == 0)
        let numbers = run.output.split(separator: ".", omittingEmptySubsequences: false)
        #expect(numbers.count == 3)
        #expect(numbers.allSatisfy { Int($0.filter { !$0.isNewline }) != nil }, "\(run)")
        #expect(run.output.hasSuffix("\n"))
    }

    /// Mistakes on the command line itself: exit 64, words on standard error, nothing on standard output.
    @Test(arguments: [
        ["aply", "DEV"], ["apply"], ["apply", "DEV", "LIVE"], ["plan", "DEV", "--unknown"],
        ["init"], ["init", "--environment", "DEV"], ["init", "--environment", "DEV=a", "--environment", "dev=b"],
        ["init", "--environment", "DEV=a", "--registry", "a.io", "--registry", "b.io"],
        ["init", "--environment", "DEV=a", "--kind", "Job"], ["init", "", "--environment", "DEV=a"],
        ["status", "DEV", "--namespace", "shop"], ["demo", "--port", "1"], ["sandbox", "--port", "70000"],
        ["plan", "DEV", "-o", "yaml"], ["run", "DEV"], ["run", "--listen", "nowhere"],
        ["run", "--poll-interval", "0s"],
        ["run", "--tls-key", "key.pem"], ["run", "--log-level", "loud"],
        ["set", "DEV"], ["set"], ["set", "DEV", "a=1.0.0-rc-0123456", "-m", " "],
        ["set", "DEV", "a=1.0.0-rc-0123456", "--timeout", "5"],
        ["set", "DEV", "a=1.0.0-rc-0123456", "--namespace", "shop"],
        ["promote", "DEV"], ["promote", "DEV", "LIVE"], ["promote", "DEV", "LIVE", "backend", "--all"],
        ["promote", "DEV", "LIVE", "--all", "--require-soak", "5"], ["promote", "DEV", "LIVE", "--all", "-m", ""],
        ["rollback"], ["rollback", "DEV", "--to", "last"], ["rollback", "DEV", "--namespace", "shop"],
        ["plan", "DEV", "--timeout"], ["rbac", "DEV", "--no-list"], ["rbac", "DEV", "--canary"],
        ["rbac", "DEV", "--named", "--canary"], ["rbac", "DEV", "--kind", "Job"],
        ["rbac", "DEV", "--named", "--kind", "Deployment"], ["doctor", "DEV", "--dry-run"],
    ])
    func `wrong usage is exit 64`(_ arguments: [String]) async throws {
        let run = try await DescryBinary().run(arguments)
        #expect(run.exitCode == 64, "\(run)")
        #expect(run.errors.contains("Error: "))
        #expect(run.output.isEmpty)
    }
}
