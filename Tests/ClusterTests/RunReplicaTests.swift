import FoundationEssentials
import TestServers
import Testing

/// Several replicas of `descry run`, as processes on the real API server.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct RunReplicaTests {
    typealias Scene = DeploymentScene

    private static let secret = PlantedSecret.marker

    /// Nobody polls within the hour, so only the hint on the Lease can tell the holder.
    @Test func `a webhook is passed on to the replica that looks after the environment`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            scene.descry.plant(Self.secret)
            let file = try scene.folder.write("webhook-secret", Self.secret)
            try scene.environment(
                "DEV", replacing: ["forge": "{provider: gitlab, webhookSecretFile: \"\(file)\"}"])
            let start = try await scene.commit(("backend", Scene.first))
            let port = try BackgroundServer.freePort()
            func replica(_ name: String, _ port: Int) throws -> DescryProcess {
                try scene.descry.start([
                    "run", "--environments", scene.folder.path, "--listen", "127.0.0.1:\(port)", "--poll-interval",
                    "1h", "--replica", name, "--log-level", "debug", "--cache", scene.descry.home.path + "/" + name,
                ])
            }
            let one = try replica("one", 0)
            try await one.passed(start)
            let two = try replica("two", port)
            try await two.line { $0.contains("\"Another one looks after the environment\"") }
            let commit = try await scene.commit(("backend", Scene.second))
            let body = #"{"object_kind":"push","ref":"refs/heads/DEV","#
            let project = #""project":{"git_http_url":"\#(scene.repository.path)"}}"#
            let answer = try await Program.run(
                "curl",
                [
                    "-sf", "http://127.0.0.1:\(port)/webhooks/gitlab", "-H", "X-Gitlab-Event: Push Hook", "-H",
                    "X-Gitlab-Token: \(Self.secret)", "--data-binary", body + project,
                ])
            #expect(answer.contains("woken"))
            try await two.line { $0.contains("\"A hint is passed on to who looks after the environment\"") }
            try await one.passed(commit)
            #expect(try await scene.image("statefulset/backend").hasSuffix(Scene.second))
            #expect(try await !scene.field("lease/descry-dev", ".metadata.annotations").contains("descry.dev/wake"))
            for process in [one, two] {
                let run = try await process.end(.terminate)
                #expect(run.exitCode == 0, "\(run)")
            }
        }
    }

    /// Three replicas, of which the one that is at work is killed and replaced, again and again, while commits arrive. LockTests shows
    /// that there are no two writers.
    @Test func `processes that are killed again and again lose nothing`() async throws {
        let apps = ["DEV": "backend", "STAGE": "frontend", "LIVE": "worker"]
        try await Scene.run(apps.values.map { Scene.workload($0) }) { scene in
            for name in apps.keys { try scene.environment(name) }
            var replicas: [String: DescryProcess] = [:]
            func start(_ name: String) throws {
                replicas[name] = try scene.descry.start([
                    "run", "--environments", scene.folder.path, "--listen", "127.0.0.1:0", "--poll-interval", "1s",
                    "--replica", name, "--cache", scene.descry.home.path + "/" + name,
                ])
            }
            var last: [String: String] = [:]
            for round in 1...4 {
                for (name, app) in apps {
                    last[name] = try await scene.commit((app, Fate.runs.version("2.\(round).0")), to: name)
                }
                if round == 1 { for number in 1...3 { try start("replica\(number)") } }
                let commit = last[["DEV", "STAGE", "LIVE"][round % 3]] ?? ""
                let victim = try await DescryProcess.first(of: replicas) {
                    $0.contains("\"Pass begins\"") && $0.contains(commit)
                }
                try await replicas.removeValue(forKey: victim)?.end(.kill)
                try start("\(victim)x\(round)")
            }
            for (name, app) in apps {
                let commit = last[name] ?? ""
                _ = try await DescryProcess.first(of: replicas) { DescryProcess.says(commit, $0) }
                #expect(try await scene.image("statefulset/\(app)").hasSuffix(Fate.runs.version("2.4.0")))
            }
            for process in replicas.values {
                let run = try await process.end(.terminate)
                #expect(run.exitCode == 0, "\(run)")
            }
            for name in apps.keys {
                #expect(try await scene.field("lease/descry-\(name.lowercased())", ".spec.holderIdentity") == "")
                let run = try await scene.run("history", name, ["-o", "json"])
                #expect(run.exitCode == 0 && !run.output.contains("\"failed\""), "\(run)")
            }
        }
    }
}
