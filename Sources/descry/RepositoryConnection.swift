import Git
import Logging
import Reconciling

/// Opens a deployment repository, and closes it however the work on it ends.
struct RepositoryConnection: Sendable {
    let remote: RemoteURL
    let settings: GitSettings
    let variables: [String: String]
    let cacheFolder: String
    let logger: Logger

    /// - Parameter observe: is told of every question to the git server.
    func repository(_ observe: (@Sendable (RequestObservation) -> Void)? = nil) throws -> GitRepository {
        var options = GitOptions(
            cacheDirectory: cacheFolder, credentials: settings.credentials,
            certificateAuthority: settings.certificateAuthority, clientCertificate: settings.clientCertificate,
            clientKey: settings.clientKey, environment: variables, sshCommand: settings.sshCommand)
        options.onRequest = observe
        return try GitRepository(remote: remote, options: options, logger: logger)
    }

    func withRepository<Result: Sendable>(_ body: (GitRepository) async throws -> Result) async throws -> Result {
        let repository = try repository()
        let result: Result
        do {
            result = try await body(repository)
        } catch {
            await repository.close()
            throw error
        }
        await repository.close()
        return result
    }
}
