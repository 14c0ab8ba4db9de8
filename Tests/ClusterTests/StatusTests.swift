import FoundationEssentials
import TestServers
import Testing

/// `descry status`: what is wanted, what runs, and how it is, for several environments at once.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct StatusTests {
    typealias Scene = DeploymentScene

    private struct Reported: Decodable {
        struct Environment: Decodable {
            struct Error: Decodable { var code: String }

            var environment: String
            var commit: ReportedPass.Commit?
            var apps: [App]
            var notes: [String]
            var error: Error?

            subscript(app: String) -> App? { apps.first { $0.app == app } }
        }

        struct LastFailure: Decodable {
            var version: String
            var deployment: Int
            var commit: String
            var at: String
            var code: String
            var message: String
            var quarantined: Bool
        }

        struct App: Decodable {
            var app: String
            var workload: String
            var state: String
            var wanted: String
            var running: String?
            var pods: ReportedPass.App.Pods?
            var waitingFor: String?
            var failure: ReportedPass.App.Failure?
            var since: String?
            var lastFailure: LastFailure?
        }

        var environments: [Environment]
        var exitCode: Int32

        subscript(name: String) -> Environment? { environments.first { $0.environment == name } }
    }

    private func status(_ scene: Scene, _ arguments: String...) async throws -> (DescryBinary.Run, Reported) {
        let run = try await scene.descry.run(
            ["status", "--environments", scene.folder.path, "-o", "json"] + arguments)
        let report = try run.decoded(as: Reported.self)
        #expect(report.exitCode == run.exitCode)
        return (run, report)
    }

    @Test func `before, during and after a deployment`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2), Scene.workload("frontend")]) { scene in
            try await scene.commit(("backend", Scene.second), ("frontend", Scene.first))
            let (before, pending) = try await status(scene)
            #expect(before.exitCode == 0, "\(before)")
            let backend = try #require(pending["DEV"]?["backend"])
            #expect(backend.workload == "statefulset/backend")
            #expect(backend.state == "pending")
            #expect(backend.wanted == Scene.second)
            #expect(backend.running == Scene.first)
            #expect(backend.pods == .init(replicas: 2, updated: 2, ready: 2))
            // Never deployed by Descry, and yet it runs what is wanted.
            #expect(pending["DEV"]?["frontend"]?.state == "ok")
            #expect(try await status(scene, "--exit-code").0.exitCode == 2)

            // One that is patched and cannot get ready.
            let tip = try await scene.commit(("backend", Fate.neverReady.version("1.1.0")))
            #expect(try await scene.run("apply", "DEV", ["--no-wait"]).exitCode == 0)
            try await scene.namespace.kubectl(["rollout", "status", "statefulset/frontend"])
            let (during, rolling) = try await status(scene, "--exit-code")
            #expect(during.exitCode == 2, "\(during)")
            #expect(rolling["DEV"]?.commit?.id == tip)
            #expect(rolling["DEV"]?["backend"]?.state == "rolling", "\(during)")
            #expect(rolling["DEV"]?["backend"]?.running == Fate.neverReady.version("1.1.0"))
            #expect(rolling["DEV"]?["backend"]?.waitingFor?.isEmpty == false)
        }
    }

    @Test func `a deployed version is ok, and drift is told apart from a new version`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            #expect(try await scene.deploy(("backend", Scene.second)).exitCode == 0)
            let (run, after) = try await status(scene, "--exit-code")
            #expect(run.exitCode == 0, "\(run)")
            #expect(after["DEV"]?["backend"]?.state == "ok")
            let image = "\(Scene.registry)/backend:\(Fate.runs.version("9.9.9"))"
            try await scene.namespace.kubectl(["set", "image", "statefulset/backend", "backend=\(image)"])
            try await scene.namespace.kubectl(["rollout", "status", "statefulset/backend"])
            #expect(try await status(scene).1["DEV"]?["backend"]?.state == "drifted")
        }
    }

    @Test func `a failed rollout is told with the container's own words`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)]) { scene in
            // Left as it is, not rolled back.
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: stop}"])
            let broken = Fate.configIsMissing.version("1.1.0")
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: stop}"])
            #expect(try await scene.deploy(("backend", broken)).exitCode == 4)
            let (run, report) = try await status(scene)
            #expect(run.exitCode == 0, "\(run)")
            let app = try #require(report["DEV"]?["backend"])
            #expect(app.state == "failed", "\(run)")
            #expect(app.running == broken)
            #expect(app.pods?.ready == 1)
            #expect(app.failure?.code == "config-error")
            #expect(app.failure?.pod == "backend-1")
            #expect(try await status(scene, "--exit-code").0.exitCode == 4)
        }
    }

    @Test func `since when it runs, and what failed last`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            #expect(try await scene.deploy(("backend", Scene.second)).exitCode == 0)
            let proven = try await scene.history()[0]
            let good = try #require(try await status(scene).1["DEV"]?["backend"])
            #expect(good.since == proven.finishedAt)
            #expect(good.lastFailure == nil)

            let broken = Fate.pullFails.version("1.2.0")
            #expect(try await scene.deploy(("backend", broken)).exitCode == 3)
            let failed = try await scene.history()[1]
            let (run, report) = try await status(scene)
            let back = try #require(report["DEV"]?["backend"])
            #expect(back.running == Scene.second && back.since == good.since)
            let failure = try #require(back.lastFailure, "\(run)")
            #expect(failure.version == broken && failure.deployment == 2 && failure.commit == failed.commit.id)
            #expect(failure.at == failed.finishedAt)
            // ErrImagePull, or the ImagePullBackOff that soon follows it.
            #expect(failure.code == "image-pull" && failure.message.contains(/^\w*ImagePull\w*:/), "\(failure)")
            #expect(failure.quarantined)

            let text = try await scene.run("status", "DEV")
            let lines = text.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            #expect(lines.contains(["APP", "DEV", "SINCE", "LAST", "FAILURE"]), "\(text)")
            let row = try #require(lines.first { $0.first == "backend" })
            #expect(Array(row[1...3]) == ["1.1.0-rc-c0ffee0", "1/1", "pending"], "\(text)")
            #expect(row[4].wholeMatch(of: /[0-9ms]+/) != nil)
            #expect(row[5] == "1.2.0-rc-bad0001" && row[6] == "image-pull" && row[8] == "quarantined", "\(text)")
            #expect(text.output.contains("not tried again: it failed in deployment 2: image-pull: "), "\(text)")

            #expect(try await scene.deploy(("backend", Fate.runs.version("1.2.1"))).exitCode == 0)
            let mended = try #require(try await status(scene).1["DEV"]?["backend"])
            #expect(mended.lastFailure == nil)
            let finished = try await scene.history()[2].finishedAt
            #expect(mended.since == finished)
        }
    }

    @Test func `environments are read by themselves, and stand side by side`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            for name in ["STAGE", "LIVE"] { try scene.environment(name) }
            let nobody = "https://127.0.0.1:\(try BackgroundServer.freePort())"
            try scene.environment("QA", replacing: ["cluster": "{server: \"\(nobody)\", tokenFile: /dev/null}"])
            try await scene.commit(("backend", Scene.first))
            try await scene.commit(("backend", Scene.second), ("absent", Scene.second), to: "STAGE")
            try await scene.commit(("backend", Scene.second), to: "QA")
            try await scene.repository.commit(to: "LIVE", ["deploy-descriptor.yaml": "apps: [\n"])

            let (run, report) = try await status(scene)
            #expect(report.environments.map(\.environment) == ["DEV", "LIVE", "QA", "STAGE"])
            #expect(report["DEV"]?.error == nil)
            #expect(report["DEV"]?["backend"]?.state == "ok")
            #expect(report["LIVE"]?.error?.code == "refused", "\(run)")
            #expect(report["QA"]?.error != nil)
            #expect(report["STAGE"]?["backend"]?.state == "pending")
            #expect(report["STAGE"]?["absent"]?.state == "missing")
            #expect(report["STAGE"]?["absent"]?.failure?.code == "missing-workload")
            #expect(run.errors.contains("LIVE:deploy-descriptor.yaml:"), "\(run)")
            // The first that cannot be read; without it, what a plan would say.
            #expect(run.exitCode == 65)
            #expect(try await status(scene, "DEV", "STAGE").0.exitCode == 78)
            #expect(try await status(scene, "DEV").0.exitCode == 0)

            let text = try await scene.descry.run(["status", "--environments", scene.folder.path])
            let lines = text.output.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("LIVE cannot be read: ") }, "\(text)")
            let words = lines.map { $0.split(separator: " ").map(String.init) }
            #expect(words.contains(["APP", "DEV", "SINCE", "STAGE", "SINCE"]), "\(text)")
            let first = "1.0.0-rc-c0ffee0"
            #expect(words.contains(["backend", first, "1/1", "ok", "-", first, "1/1", "pending", "-"]), "\(text)")
            #expect(words.contains(["absent", "-", "-", "missing", "-"]), "\(text)")
            #expect(words.contains(["STAGE", "backend", "pending:", first, "→", "1.1.0-rc-c0ffee0"]), "\(text)")
            #expect(try await scene.writes().isEmpty)
        }
    }

    @Test func `a token that may not list pods or workloads still tells the versions`() async throws {
        let rules = [PolicyRule(["get", "patch"], ["statefulsets"], names: ["backend"])]
        try await Scene.run([Scene.workload("backend")], rules: rules) { scene in
            try await scene.commit(("backend", Scene.second))
            let (run, report) = try await status(scene)
            #expect(run.exitCode == 0, "\(run)")
            #expect(report["DEV"]?["backend"]?.state == "pending")
            #expect(report["DEV"]?["backend"]?.since == nil)
            // Of workloads, pods and the history.
            #expect(report["DEV"]?.notes.count == 3, "\(run)")
        }
    }
}
