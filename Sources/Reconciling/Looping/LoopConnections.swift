import Git
import Kubernetes

/// How the loop opens what an environment needs.
public struct LoopSources: Sendable {
    package let repository: @Sendable (Environment) throws -> GitRepository
    package let cluster: @Sendable (Environment) throws -> KubernetesClient

    /// - Parameters:
    ///   - repository: called once for all environments with the same repository and the same `git` settings.
    ///   - cluster: called once for all environments with the same `cluster` settings.
    public init(
        repository: @escaping @Sendable (Environment) throws -> GitRepository,
        cluster: @escaping @Sendable (Environment) throws -> KubernetesClient
    ) {
        self.repository = repository
        self.cluster = cluster
    }
}

/// The repositories and clusters that are in use, each opened once for all environments that may share it.
///
/// Shared only where every setting is equal, the source of the credential among them: what one environment may read is never
/// read for another.
actor LoopConnections {
    private struct RepositoryKey: Hashable {
        let remote: RemoteURL
        let settings: GitSettings
    }

    private struct Shared<Value> {
        let value: Value
        var users = 1
    }

    private let sources: LoopSources
    private let makePoller: @Sendable (GitRepository) -> RepositoryPoller
    private var pollers: [RepositoryKey: Shared<RepositoryPoller>] = [:]
    private var clusters: [ClusterSettings: Shared<KubernetesClient>] = [:]

    init(_ sources: LoopSources, makePoller: @escaping @Sendable (GitRepository) -> RepositoryPoller) {
        self.sources = sources
        self.makePoller = makePoller
    }

    /// Runs the body with the environment's connections; the last to use them closes them.
    nonisolated func with<Result: Sendable>(
        _ environment: Environment, _ body: @Sendable (RepositoryPoller, KubernetesClient) async throws -> Result
    ) async throws -> Result {
        let poller = try await poller(environment)
        let outcome: Swift.Result<Result, any Error>
        do {
            let cluster = try await cluster(environment)
            do {
                outcome = .success(try await body(poller, cluster))
            } catch {
                outcome = .failure(error)
            }
            try await releaseCluster(environment)
        } catch {
            await releasePoller(environment)
            throw error
        }
        await releasePoller(environment)
        return try outcome.get()
    }

    private func poller(_ environment: Environment) throws -> RepositoryPoller {
        let key = RepositoryKey(remote: environment.repository, settings: environment.git)
        if let shared = pollers[key] {
            pollers[key]?.users += 1
            return shared.value
        }
        let poller = makePoller(try sources.repository(environment))
        pollers[key] = Shared(value: poller)
        return poller
    }

    private func releasePoller(_ environment: Environment) async {
        let key = RepositoryKey(remote: environment.repository, settings: environment.git)
        guard var shared = pollers[key] else { return }
        shared.users -= 1
        pollers[key] = shared.users == 0 ? nil : shared
        if shared.users == 0 { await shared.value.close() }
    }

    private func cluster(_ environment: Environment) throws -> KubernetesClient {
        if let shared = clusters[environment.cluster] {
            clusters[environment.cluster]?.users += 1
            return shared.value
        }
        let cluster = try sources.cluster(environment)
        clusters[environment.cluster] = Shared(value: cluster)
        return cluster
    }

    private func releaseCluster(_ environment: Environment) async throws {
        guard var shared = clusters[environment.cluster] else { return }
        shared.users -= 1
        clusters[environment.cluster] = shared.users == 0 ? nil : shared
        if shared.users == 0 { try await shared.value.close() }
    }
}
