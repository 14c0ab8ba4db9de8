import FoundationEssentials
import Git
import Kubernetes
import Logging
import Reconciling
import Reporting

/// Opens what a pass needs, and closes it however the pass ends.
struct Connections: Sendable {
    let environment: Environment
    let variables: [String: String]
    let cacheFolder: String
    let logger: Logger

    private var repositoryConnection: RepositoryConnection {
        RepositoryConnection(
            remote: environment.repository, settings: environment.git, variables: variables, cacheFolder: cacheFolder,
            logger: logger)
    }

    /// - Parameter observe: is told of every question to the git server.
    func repository(_ observe: (@Sendable (Git.RequestObservation) -> Void)? = nil) throws -> GitRepository {
        try repositoryConnection.repository(observe)
    }

    /// - Parameter observe: is told of every request to the API server.
    func cluster(
        _ observe: (@Sendable (Kubernetes.RequestObservation) -> Void)? = nil
    ) throws -> KubernetesClient {
        var options = ClientOptions(version: Version.text)
        options.onRequest = observe
        return KubernetesClient(configuration: try configuration(), options: options, logger: logger)
    }

    func withRepository<Result: Sendable>(_ body: (GitRepository) async throws -> Result) async throws -> Result {
        try await repositoryConnection.withRepository(body)
    }

    func withCluster<Result: Sendable>(_ body: (KubernetesClient) async throws -> Result) async throws -> Result {
        let client = try cluster()
        let result: Result
        do {
            result = try await body(client)
        } catch {
            try await client.close()
            throw error
        }
        try await client.close()
        return result
    }

    /// The settings' own server, else a kubeconfig that was asked for, else the pod's ServiceAccount, else the user's
    /// kubeconfig.
    func configuration() throws -> ClusterConfiguration { try Self.configuration(environment.cluster, variables) }

    static func configuration(
        _ cluster: ClusterSettings, _ variables: [String: String]
    ) throws -> ClusterConfiguration {
        if let server = cluster.server {
            let credential: CredentialSource =
                if let file = cluster.tokenFile {
                    .tokenFile(file)
                } else if let variable = cluster.tokenVariable, let token = variables.nonEmpty(variable) {
                    .token(Secret(token))
                } else {
                    .anonymous
                }
            return try ClusterConfiguration.explicit(
                server: server, certificateAuthority: cluster.certificateAuthority, credential: credential)
        }
        return try ClusterConfiguration.discover(
            kubeconfig: cluster.kubeconfig, context: cluster.context, environment: variables)
    }

    /// `--cache`, else `DESCRY_CACHE`, else `descry` in the user's cache folder (XDG Base Directory Specification).
    static func cacheFolder(_ flag: String?, _ variables: [String: String]) -> String {
        if let folder = flag ?? variables.nonEmpty("DESCRY_CACHE") { return folder }
        if let base = variables.nonEmpty("XDG_CACHE_HOME"), base.hasPrefix("/") { return base + "/descry" }
        return (variables.nonEmpty("HOME") ?? "/tmp") + "/.cache/descry"
    }
}
