import FoundationEssentials
import Git
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// What `descry status` tells from the history: since when an app runs what it runs, and what failed last.
@Suite(.timeLimit(.minutes(15))) struct StatusTests {
    typealias Scene = SandboxScene

    @Test func `a rollback does not change since when, and its failure stays until a version is proven`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let adopted = try await scene.status()
            #expect(adopted.apps.allSatisfy { $0.since != nil && $0.lastFailure == nil })

            let broken = Fate.pullFails.version("1.1.0")
            let failed = try await scene.deploy([
                ("backend", broken), ("frontend", "\(Scene.second), after: [backend]"),
            ])
            #expect(failed.status == .rolledBack)
            let after = try await scene.status()
            #expect(after.apps.map(\.since) == adopted.apps.map(\.since))
            let failure = try #require(after.apps[0].lastFailure)
            #expect(failure.version == broken && failure.code == "image-pull" && failure.deployment == 2)
            #expect(failure.commit == failed.report.commit?.id)
            // Which of the two the pod was in when it was looked at.
            let reasons = ["ErrImagePull: ", "ImagePullBackOff: "]
            #expect(reasons.contains { failure.message.hasPrefix($0) }, "\(failure)")
            #expect(failure.quarantined)
            // It was never started.
            #expect(after.apps[1].lastFailure == nil)

            // Another descriptor: the version may be tried again, and its failure is still the last thing known of it.
            try await scene.commit([("backend", broken), ("frontend", Scene.second)])
            let changed = try await scene.status()
            #expect(changed.apps[0].lastFailure?.quarantined == false)

            #expect(try await scene.deploy([("backend", Scene.second), ("frontend", Scene.first)]).status == .done)
            let mended = try await scene.status()
            #expect(mended.apps[0].lastFailure == nil)
            let since = try #require(mended.apps[0].since)
            #expect(since >= failure.at)
            #expect(mended.apps[1].since == adopted.apps[1].since)
        }
    }

    @Test func `a version that is left failing is told with its failure`() async throws {
        try await Scene.run(["backend"], rollout: "{timeout: 2m, onFailure: stop}") { scene in
            let broken = Fate.pullFails.version("1.1.0")
            #expect(try await scene.deploy([("backend", broken)]).status == .rolloutFailed)
            let app = try #require(try await scene.status().apps.first)
            #expect(app.state == .failed && app.running == broken)
            // No deployment brought it to run.
            #expect(app.since == nil)
            #expect(app.lastFailure?.version == broken)
        }
    }

    @Test func `a token that may not read the history tells the rest, and says so`() async throws {
        try await Scene.run(["backend"]) { scene in
            let reader = scene.sandbox.account(
                "reader", namespace: "shop",
                rules: [
                    .init(verbs: ["get", "list"], group: "apps", resources: ["statefulsets"]),
                    .init(verbs: ["list"], resources: ["pods"]),
                ])
            let status = try await scene.status(as: reader)
            #expect(status.apps.map(\.state) == [.ok])
            #expect(status.apps[0].since == nil && status.apps[0].lastFailure == nil)
            #expect(status.notes.count == 1, "\(status.notes)")
            #expect(status.notes.first?.contains("ConfigMap descry-dev") == true)
        }
    }
}

extension SandboxScene {
    /// As `descry status` reads it; by the deployer where no other account is named.
    func status(
        as account: Account? = nil, now: @escaping @Sendable () -> Date = { Date() }
    ) async throws -> EnvironmentStatus {
        let git = try GitRepository(
            remote: environment.repository,
            options: GitOptions(
                cacheDirectory: folder.path + "/cache",
                environment: ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin"]), logger: Self.silent)
        let result: Result<EnvironmentStatus, any Error>
        do {
            result = .success(
                try await withCluster(account ?? deployer, .seconds(30)) { cluster in
                    try await StatusReader(environment: environment, repository: git, cluster: cluster, now: now)
                        .read()
                })
        } catch { result = .failure(error) }
        await git.close()
        return try result.get()
    }
}
