import Git
import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// What a forge is told of commits, over the end of a process.
@Suite(.timeLimit(.minutes(15))) struct ForgeTests {
    typealias Scene = LoopScene

    /// The process is gone without a word after it has said that the commit is being deployed, and there is a newer one by the time
    /// that another process takes over.
    @Test func `a commit that a killed process had begun does not stay pending`() async throws {
        try await Scene.run { scene in
            let server = try RecordingServer { request, _ in .init(request.method == "GET" ? 404 : 201) }
            let environment = try Self.environment(scene, server)
            let one = Replica(scene, "one")
            var reader = LoopReader(one.loop)
            await one.loop.apply([environment])
            try await reader.pass(for: try await scene.repository.tip(of: "DEV"))
            let stuck = try await scene.commit(TestServers.Fate.neverReady.version("1.1.0"))
            await server.told("pending", of: stuck)
            scene.kill("one")
            await one.end()
            #expect(try await scene.history().first?.outcome == .running, "it could not write that it ended")

            let newer = try await scene.commit(Scene.third)
            let two = Replica(scene, "two")
            await two.loop.apply([environment])
            await server.told("error", of: stuck, "Superseded by \(newer.prefix(10))")
            await server.told("success", of: newer)
            await two.end()
        }
    }

    /// A replica with a reporter of its own.
    private struct Replica {
        let loop: Loop
        private let forge: LoopForge
        private let reporter: ForgeReporter
        private let telling: Task<Void, Never>

        init(_ scene: Scene, _ name: String) {
            let reporter = ForgeReporter(version: "0.0.0-test", metrics: nil, logger: SandboxScene.silent)
            let forge = LoopForge(reporter)
            var settings = Scene.settings()
            settings.leaseTiming.duration = .seconds(2)
            settings.leaseTiming.renewal = .milliseconds(400)
            let sources = scene.sources(name, GitDeadlines())
            loop = Loop(
                settings: settings, holder: LeaseHolder(identity: name),
                // The environment's address is the forge's, and the repository is on this machine.
                sources: LoopSources(
                    repository: { _ in try sources.repository(try scene.environment("DEV")) },
                    cluster: sources.cluster),
                logger: SandboxScene.silent, tell: { forge.record($0) })
            telling = Task { await forge.run() }
            (self.forge, self.reporter) = (forge, reporter)
        }

        func end() async {
            await loop.drain()
            forge.finish()
            await telling.value
            await reporter.close(within: .seconds(30))
        }
    }

    private static func environment(_ scene: Scene, _ server: RecordingServer) throws -> Reconciling.Environment {
        let token = try scene.folder.write("forge-token", PlantedSecret.marker)
        return try scene.environment(
            "DEV", repository: "https://git.example.com/shop/deployments.git",
            """
            rollout: {timeout: 1h, replaceStuckPods: always}
            forge: {provider: gitea, tokenFile: "\(token)", url: "http://127.0.0.1:\(server.port)/api/v1"}
            """)
    }
}

extension RecordingServer {
    /// Waits until the commit's status was set so.
    fileprivate func told(_ state: String, of commit: String, _ description: String = "") async {
        var count = 1
        while true {
            let all = await requests(count)
            let isThere = all.contains { request in
                request.method == "POST" && request.target.hasSuffix(commit)
                    && request.body.contains("\"\(state)\"") && request.body.contains(description)
            }
            if isThere { return }
            count = all.count + 1
        }
    }
}
