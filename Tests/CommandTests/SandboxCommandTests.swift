import FoundationEssentials
import TestServers
import Testing

/// `descry sandbox`: it serves until it is told to stop, and its kubeconfig lives as long.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct SandboxCommandTests {
    private struct Reported: Decodable {
        var server: String
        var kubeconfig: String
        var namespaces: [String]
    }

    @Test(arguments: DescryBinary.Interruption.allCases)
    func `it serves until it is told to stop`(_ interruption: DescryBinary.Interruption) async throws {
        let descry = try DescryBinary()
        let repository = try await GitFixture()
        try await repository.commit(
            to: "DEV", ["deploy-descriptor.yaml": "apps:\n  - {name: backend, version: 1.0.0-rc-c0ffee0}\n"])
        let file = descry.home.path + "/cluster.yaml"
        let run = try await descry.run(
            ["sandbox", "-n", "shop-dev", "-n", "shop-live", "--kubeconfig", file, "-o", "json"], by: interruption,
            until: { $0 == "}" }
        ) { lines in
            let report = try JSONDecoder().decode(Reported.self, from: Data(lines.joined().utf8))
            #expect(report.server.hasPrefix("https://127.0.0.1:"))
            #expect(report.kubeconfig == file)
            #expect(report.namespaces == ["shop-dev", "shop-live"])
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            // It answers, and knows the account: what is missing is the workload.
            let plan = try await descry.run([
                "plan", "DEV", "--repository", repository.path, "--namespace", "shop-dev", "--registry",
                "registry.example.com", "--kubeconfig", file, "-o", "json",
            ])
            #expect(plan.exitCode == 78, "\(plan)")

            let port = report.server.split(separator: ":").last.map(String.init) ?? ""
            let second = try await descry.run(["sandbox", "--port", port, "--kubeconfig", file + ".2", "-o", "json"])
            #expect(second.exitCode == 1, "\(second)")
            #expect(try second.failure().error.code == "cannot-listen")
            #expect(!FileManager.default.fileExists(atPath: file + ".2"))
        }
        #expect(run.exitCode == 0, "\(run)")
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test func `a file of somebody else's is not overwritten, one that a sandbox left behind is`() async throws {
        let descry = try DescryBinary()
        let mine = try descry.home.write("sandbox.kubeconfig", "apiVersion: v1\n")
        let refused = try await descry.run(["sandbox", "-o", "json"])
        #expect(refused.exitCode == 1, "\(refused)")
        #expect(try refused.failure().error.code == "file-exists")
        #expect(try String(contentsOfFile: mine, encoding: .utf8) == "apiVersion: v1\n")

        try descry.home.write("sandbox.kubeconfig", "# Written by descry sandbox, and deleted when it ends.\nold\n")
        let run = try await descry.run(["sandbox"], until: { $0.contains("kubectl get") }) { lines in
            #expect(lines.contains("  export KUBECONFIG=\(mine)"))
            let text = try String(contentsOfFile: mine, encoding: .utf8)
            #expect(text.contains("current-context: "))
        }
        #expect(run.exitCode == 0, "\(run)")
        #expect(!FileManager.default.fileExists(atPath: mine))
    }

    @Test func `a name that is no namespace's is refused`() async throws {
        let run = try await DescryBinary().run(["sandbox", "--namespace", "Shop_Dev"])
        #expect(run.exitCode == 1, "\(run)")
        #expect(run.errors.contains("Shop_Dev"), "\(run)")
    }
}
