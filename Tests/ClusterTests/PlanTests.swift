import FoundationEssentials
import TestServers
import Testing

/// `descry plan`, `apply --dry-run`: nothing is ever stored.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct PlanTests {
    typealias Scene = DeploymentScene

    @Test func `a plan is a table, a diff, an exit code, and no write`() async throws {
        let workloads = [
            Scene.workload("backend"), Scene.workload("frontend", image: "old.example.com/frontend:\(Scene.first)"),
        ]
        try await Scene.run(workloads) { scene in
            try await scene.commit(
                ("backend", Scene.second), ("frontend", "\(Scene.second), after: [backend]"))
            let table = try await scene.run("plan", "DEV")
            #expect(table.exitCode == 0, "\(table)")
            for words in [
                ["APP", "WORKLOAD", "FROM", "TO", "WAVE", "CHANGE"],
                ["backend", "statefulset/backend", "1.0.0-rc-c0ffee0", "1.1.0-rc-c0ffee0", "1", "version"],
                ["frontend", "statefulset/frontend", "1.0.0-rc-c0ffee0", "1.1.0-rc-c0ffee0", "2", "version"],
            ] {
                #expect(
                    table.output.split(separator: "\n").contains {
                        $0.split(separator: " ").map(String.init).starts(with: words)
                    }, "\(table)")
            }
            #expect(table.output.contains("old.example.com/frontend; it will be replaced"))
            #expect(table.output.hasSuffix("2 apps to change, 0 unchanged\n"), "\(table)")

            let diff = try await scene.run("plan", "DEV", ["--diff", "--exit-code"])
            #expect(diff.exitCode == 2, "\(diff)")
            #expect(diff.output.contains("\(Scene.registry)/backend:\(Scene.second)"))
            let lines = diff.output.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("-") && $0.contains("/backend:\(Scene.first)") }, "\(diff)")
            #expect(lines.contains { $0.hasPrefix("+") && $0.contains("/backend:\(Scene.second)") }, "\(diff)")

            let json = try await scene.run("plan", "DEV", ["-o", "json", "--exit-code"])
            #expect(json.exitCode == 2, "\(json)")
            let report = try json.pass()
            #expect(report.command == "plan")
            #expect(report.outcome == "pending")
            #expect(report.apps.map(\.outcome) == ["pending", "pending"])
            #expect(report["backend"]?.changes.first?.field == "spec.template.spec.containers[backend].image")
            #expect(try await scene.namespace.requests(by: scene.account).map(\.verb) == ["list", "list", "list"])
        }
    }

    /// Asks the API server, which stores nothing: `plan --server-dry-run` and `apply --dry-run`.
    @Test(arguments: [["plan", "--server-dry-run"], ["apply", "--dry-run"]])
    func `a dry run is judged by the API server`(_ words: [String]) async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let version = try await scene.field("statefulset/backend", ".metadata.resourceVersion")
            let run = try await scene.run(words[0], "DEV", ["-o", "json"] + words.dropFirst())
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(report.outcome == "validated")
            #expect(report.outcomes == ["backend": "validated"])
            let patches = try await scene.namespace.requests(by: scene.account).filter(\.isWrite)
            #expect(patches.last?.responseStatus?.code == 200)
            #expect(patches.allSatisfy { $0.isDryRun })
            #expect(try await scene.field("statefulset/backend", ".metadata.resourceVersion") == version)
        }
    }

    @Test func `nothing to change is exit 0 with --exit-code too`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            #expect(try await scene.deploy(("backend", Scene.second)).exitCode == 0)
            let run = try await scene.run("plan", "DEV", ["--exit-code", "--diff"])
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.hasSuffix("no changes: 1 app as described\n"))
        }
    }

    @Test func `a plan writes JUnit with a case per app`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second), ("absent", Scene.second))
            let file = scene.folder.path + "/plan.xml"
            let run = try await scene.run("plan", "DEV", ["--junit", file])
            #expect(run.exitCode == 78, "\(run)")
            let xml = try String(contentsOfFile: file, encoding: .utf8)
            #expect(xml.contains(#"tests="2" failures="1""#), "\(xml)")
            #expect(xml.contains(#"type="missing-workload""#))
        }
    }
}
