import FoundationEssentials
import TestServers
import Testing

/// What the ConfigMap `descry-<environment>` keeps, and what follows from it: a failed version is not tried again, and a pass
/// that was killed is gone on from.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct HistoryTests {
    typealias Scene = DeploymentScene

    @Test func `each deployment is written down, with who let it run`() async throws {
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")]) { scene in
            try await scene.commit(("backend", Scene.second), ("frontend", Scene.first))
            let build = "https://jenkins.example.com/job/shop/7/"
            let first = try await scene.run(
                "apply", "DEV", ["-o", "json"], variables: ["BUILD_URL": build, "USER": "jenkins"])
            #expect(first.exitCode == 0, "\(first)")
            let second = try await scene.deploy(("backend", Fate.pullFails.version("1.2.0")), ("frontend", Scene.first))
            #expect(second.exitCode == 3, "\(second)")
            // Nothing to do is no deployment.
            let again = try await scene.deploy(("backend", Scene.second), ("frontend", Scene.first))
            #expect(again.exitCode == 0, "\(again)")

            let history = try await scene.history()
            #expect(history.map(\.number) == [1, 2])
            #expect(history.map(\.outcome) == ["proven", "rolledBack"])
            #expect(history[0].by.build == build)
            #expect(history[0].by.user == "jenkins")
            #expect(history[0].commit.id == (try first.pass().commit?.id))
            let app = try #require(history[1].apps.first)
            #expect(history[1].apps.count == 1)
            #expect(app.app == "backend" && app.from == Scene.second && app.to == Fate.pullFails.version("1.2.0"))
            // ErrImagePull, or the ImagePullBackOff that soon follows it.
            let failure = try #require(app.failure)
            #expect(app.outcome == "failed" && failure.contains(/^image-pull: \w*ImagePull\w*:/), "\(failure)")
            #expect(history.allSatisfy { $0.finishedAt != nil })

            let table = try await scene.run("history", "DEV", ["--limit", "1"])
            #expect(table.exitCode == 0, "\(table)")
            #expect(table.output.hasPrefix("NUMBER   STARTED"))
            #expect(table.output.contains("2 backend: \(failure)"), "\(table)")
            #expect(!table.output.contains(build))
        }
    }

    /// The ConfigMap may be somebody's, as one that `descry rbac` printed and `kubectl apply` made.
    @Test func `what else is in the ConfigMap stays`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.namespace.apply(
                """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: descry-dev, labels: {team: shop}, finalizers: [example.com/keep]}
                data: {note: by hand}
                """)
            #expect(try await scene.deploy(("backend", Scene.second)).exitCode == 0)
            let map = try await scene.field(
                "configmap/descry-dev", ".data.note}{.metadata.labels.team}{.metadata.finalizers")
            #expect(map == #"by handshop["example.com/keep"]"#)
            #expect(try await scene.field("configmap/descry-dev", ".data.deployment-000001").contains("proven"))
            try await scene.namespace.kubectl(
                ["patch", "configmap", "descry-dev", "--type=merge", #"--patch={"metadata":{"finalizers":null}}"#])
        }
    }

    @Test func `a version that failed is not tried again until the descriptor changes or a person says so`()
        async throws
    {
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")]) { scene in
            let broken = Fate.pullFails.version("1.1.0")
            let first = try await scene.deploy(("backend", broken), ("frontend", "\(Scene.second), after: [backend]"))
            #expect(first.exitCode == 3, "\(first)")
            let patches = try await scene.patched().count

            let second = try await scene.apply()
            #expect(second.exitCode == 65, "\(second)")
            let report = try second.pass()
            #expect(report.outcome == "refused")
            #expect(report["backend"]?.failure?.code == "quarantined")
            #expect(report["backend"]?.failure?.message.contains("ImagePull") == true)
            #expect(report["frontend"]?.outcome == "notStarted")
            #expect(try await scene.patched().count == patches)

            let retried = try await scene.apply("--retry")
            #expect(retried.exitCode == 3, "\(retried)")
            let fixed = try await scene.deploy(
                ("backend", Fate.runs.version("1.1.1")), ("frontend", "\(Scene.second), after: [backend]"))
            #expect(fixed.exitCode == 0, "\(fixed)")
            #expect(try await scene.history().map(\.outcome) == ["rolledBack", "rolledBack", "proven"])
        }
    }

    @Test func `a token that may not keep a history deploys all the same, and says so once`() async throws {
        try await Scene.run([Scene.workload("backend")], rules: PolicyRule.smallest) { scene in
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            let notes = try run.pass().notes.filter { $0.contains("may not keep the history") }
            #expect(notes.count == 1, "\(notes)")
            #expect(run.errors.split(separator: "\n").count { $0.contains("may not keep the history") } == 1)
        }
    }

    /// Killed between its patch and its verdict; the pass after it fails, and goes back to what ran before both.
    @Test func `a pass that was killed is gone on from`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2), Scene.workload("frontend")]) { scene in
            try await scene.commit(
                ("backend", Fate.readyLate.version("1.1.0")), ("frontend", "\(Scene.second), after: [backend]"))
            let arguments = ["apply", "DEV", "--environments", scene.folder.path]
            let lines = try await scene.descry.killed(arguments) { $0.contains("1/2 updated") }
            #expect(lines.last?.contains("1/2 updated") == true, "\(lines)")
            #expect(try await scene.history().map(\.outcome) == ["running"])

            let next = try await scene.deploy(
                ("backend", Fate.runs.version("1.1.1")),
                ("frontend", "\(Fate.pullFails.version("1.1.1")), after: [backend]"))
            #expect(next.exitCode == 3, "\(next)")
            let report = try next.pass()
            #expect(report.notes.contains { $0.hasPrefix("deployment 1 ") && $0.contains("did not end") })
            #expect(report["backend"]?.rollback?.to == Scene.first)
            for name in ["backend", "frontend"] {
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(Scene.first)")
            }
        }
    }

    /// As a CI server aborts a build: the history says so, no further patch is sent, and the next pass goes on.
    @Test func `a pass that is terminated says so in the history`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2), Scene.workload("frontend")]) { scene in
            try await scene.commit(
                ("backend", Fate.readyLate.version("1.1.0")), ("frontend", "\(Scene.second), after: [backend]"))
            let run = try await scene.descry.run(
                ["apply", "DEV", "--environments", scene.folder.path], by: .terminate,
                until: { $0.contains("1/2 updated") }, { _ in })
            #expect(run.exitCode == 143, "\(run)")
            #expect(try await scene.history().map(\.outcome) == ["interrupted"])
            #expect(try await scene.patched() == ["backend"])
            let next = try await scene.apply()
            #expect(next.exitCode == 0, "\(next)")
            #expect(try await scene.history().map(\.outcome) == ["interrupted", "proven"])
        }
    }

    /// What has come to a good end by itself is not taken back by a later failure.
    @Test func `a pass that was killed after its last patch is complete once its rollouts are`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Fate.readyLate.version("1.1.0")))
            let arguments = ["apply", "DEV", "--environments", scene.folder.path]
            _ = try await scene.descry.killed(arguments) { $0.contains("1/1 updated") }
            try await scene.namespace.rolledOut("statefulset/backend")
            let unchanged = try await scene.apply()
            #expect(try unchanged.pass().outcome == "unchanged", "\(unchanged)")
            let failed = try await scene.deploy(("backend", Fate.pullFails.version("1.2.0")))
            #expect(failed.exitCode == 3, "\(failed)")
            #expect(try failed.pass()["backend"]?.rollback?.to == Fate.readyLate.version("1.1.0"))
        }
    }

    /// The same commit again: what was patched already is waited for, the rest is done, and it ends as if nothing had been.
    @Test func `the same pass again ends where the killed one would have`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2), Scene.workload("frontend")]) { scene in
            try await scene.commit(
                ("backend", Fate.readyLate.version("1.1.0")),
                ("frontend", "\(Fate.pullFails.version("1.1.0")), after: [backend]"))
            let arguments = ["apply", "DEV", "--environments", scene.folder.path]
            _ = try await scene.descry.killed(arguments) { $0.contains("1/2 updated") }
            let again = try await scene.apply()
            #expect(again.exitCode == 3, "\(again)")
            for name in ["backend", "frontend"] {
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(Scene.first)")
            }
            #expect(try await scene.history().map(\.outcome) == ["interrupted", "rolledBack"])
        }
    }
}

/// A deployment as the ConfigMap holds it.
struct RecordedDeployment: Decodable {
    struct Commit: Decodable { var id: String }
    struct Runner: Decodable { var user: String?, host: String?, build: String? }
    struct App: Decodable { var app: String, from: String?, to: String, outcome: String?, failure: String? }
    var number: Int
    var commit: Commit
    var outcome: String
    var finishedAt: String?
    var by: Runner
    var apps: [App]
}

extension DeploymentScene {
    /// Oldest first.
    func history() async throws -> [RecordedDeployment] {
        struct Map: Decodable { var data: [String: String] }
        let json = try await namespace.kubectl(["get", "configmap", "descry-dev", "--output=json"])
        let data = try JSONDecoder().decode(Map.self, from: Data(json.utf8)).data
        return try data.filter { $0.key.hasPrefix("deployment-") }.sorted { $0.key < $1.key }.map {
            try JSONDecoder().decode(RecordedDeployment.self, from: Data($0.value.utf8))
        }
    }
}
