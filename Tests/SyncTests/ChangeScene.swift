import Documents
import FoundationEssentials
import Git
import Kubernetes
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers

// The commands that write to the deployment repository by what a cluster says, as they are run from a shell.
extension SandboxScene {
    /// The descriptor of a branch as it is on the server.
    func descriptor(of branch: String) async throws -> String {
        try await repository.git("show", "\(branch):deploy-descriptor.yaml")
    }

    /// Commits a descriptor with a comment for each app.
    @discardableResult
    func commit(_ apps: [(String, String)], to branch: String) async throws -> String {
        let lines = apps.map { "- name: \($0)  # it is \($0)\n  version: '\($1)'\n" }
        return try await repository.commit(
            to: branch, ["deploy-descriptor.yaml": .text("# Who runs what\napps:\n" + lines.joined())])
    }

    /// `descry promote DEV LIVE`. LIVE is another branch of the repository, and another namespace.
    ///
    /// - Parameters:
    ///   - branch: LIVE's.
    ///   - way: how LIVE's repository is reached.
    ///   - versions: the channels that LIVE may run.
    func promote(
        _ apps: [String]?, to branch: String = "LIVE", by way: SetScene.Way = .local, soak: Duration? = nil,
        versions: String = "rc, release", isDryRun: Bool = false
    ) async throws -> ChangeReport {
        let settings = """
            environment: LIVE
            branch: \(branch)
            repository: "\(try await way.url(of: repository))"
            namespace: live
            registry: \(Self.registry)
            versions: [\(versions)]
            """
        let live = try EnvironmentSettings.parse(Array(settings.utf8), file: "LIVE.yaml").resolve(name: "LIVE")
        return try await connected(environment, .local) { source, cluster in
            try await connected(live, way) { repository, _ in
                try await Promotion(
                    Promotion.Request(apps: apps, soak: soak),
                    from: Promotion.Origin(environment: environment, repository: source, cluster: cluster),
                    history: HistoryStore(cluster: cluster, environment: live),
                    change: try change(live, repository, isDryRun)
                ).run()
            }
        }
    }

    /// `descry rollback DEV`.
    func rollBack(
        _ apps: [String] = [], to destination: Rollback.Destination = .previous, isDryRun: Bool = false
    ) async throws -> ChangeReport {
        try await connected(environment, .local) { repository, cluster in
            try await Rollback(
                apps, to: destination, history: HistoryStore(cluster: cluster, environment: environment),
                change: try change(environment, repository, isDryRun)
            ).run()
        }
    }

    /// The codes of a refusal; none where nothing was refused.
    static func codes(_ body: () async throws -> Void) async throws -> [String] {
        do {
            try await body()
            return []
        } catch let error as Refused {
            return error.diagnostics.map(\.code)
        } catch let error as KubernetesError {
            return [error.code]
        }
    }

    private func change(
        _ environment: Reconciling.Environment, _ repository: GitRepository, _ isDryRun: Bool
    ) throws -> VersionChange {
        let authorship = try CommitAuthorship(
            author: "Ann Example <ann@example.com>", committer: nil, variables: [:], configured: { nil })
        return VersionChange(
            location: environment.descriptorLocation, repository: repository,
            commit: VersionChange.Commit(
                authorship: authorship, origin: try ChangeOrigin(build: nil, sourceCommit: nil)), isDryRun: isDryRun)
    }

    /// With a cache of its own, as another machine would.
    private func connected<Value: Sendable>(
        _ environment: Reconciling.Environment, _ way: SetScene.Way,
        _ body: (GitRepository, KubernetesClient) async throws -> Value
    ) async throws -> Value {
        let cache = try TemporaryFolder()
        let git = try GitRepository(
            remote: environment.repository, options: try await way.options(cache), logger: Self.silent)
        let result: Result<Value, any Error>
        do {
            result = .success(
                try await withCluster(sandbox.administrator, .seconds(30)) { cluster in try await body(git, cluster) })
        } catch { result = .failure(error) }
        await git.close()
        return try result.get()
    }
}
