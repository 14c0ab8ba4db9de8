import Git
import Kubernetes
import Reconciling
import Scenes
import Synchronization
import TestServers
import Testing

/// Connections are shared where that tells nobody anything, and nowhere else.
@Suite(.timeLimit(.minutes(15))) struct SharingTests {
    typealias Scene = LoopScene

    /// Two environments of one repository, with what sets STAGE's settings apart, and how many repositories and clusters are opened.
    /// Both have an account of their own, so each has its own connection to the cluster.
    @Test(arguments: [
        ("", 1), ("git: {username: stage, passwordFile: stage-password}", 2), ("git: {sshKey: stage-key}", 2),
    ])
    func `one environment's credential is never used for another`(settings: String, repositories: Int) async throws {
        try await Scene.run(["DEV", "STAGE"]) { scene in
            let opened = Mutex((repositories: 0, clusters: 0))
            let sources = scene.sources("one", GitDeadlines())
            let counted = LoopSources(
                repository: { environment in
                    opened.withLock { $0.repositories += 1 }
                    return try sources.repository(environment)
                },
                cluster: { environment in
                    opened.withLock { $0.clusters += 1 }
                    return try sources.cluster(environment)
                })
            let loop = Loop(
                settings: Scene.settings(), holder: LeaseHolder(identity: "one"), sources: counted,
                logger: SandboxScene.silent)
            let environments = [try scene.environment("DEV"), try scene.environment("STAGE", settings)]
            try await scene.running(environments, loop) { reader in
                var passed: Set<String> = []
                while passed.count < 2 {
                    passed.insert(
                        try await reader.next { event in
                            if case .passEnded(let environment, _) = event { environment.name } else { nil }
                        })
                }
            }
            #expect(opened.withLock { $0.repositories } == repositories)
            #expect(opened.withLock { $0.clusters } == 2)
        }
    }
}
