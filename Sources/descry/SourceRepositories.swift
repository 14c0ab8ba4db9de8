import Git
import Logging
import Reconciling
import Reporting

/// `--source-repo`: where the source of the apps is, one repository for all of them, or one each.
struct SourceRepositories: Sendable {
    private var shared: RemoteURL?
    private var own: [String: RemoteURL] = [:]

    /// - Parameter arguments: `URL`, or `APP=URL`.
    /// - Throws: `Failure`, wrong usage, where one is neither, or an app has two.
    init(_ arguments: [String]) throws {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            // An app's name has neither a colon nor a slash, and a URL has one before any equals sign.
            let isNamed = parts.count == 2 && !parts[0].contains { $0 == ":" || $0 == "/" }
            let url: RemoteURL
            do { url = try RemoteURL(isNamed ? parts[1] : argument) } catch {
                throw Failure(
                    status: .usage, code: "usage", message: "--source-repo: \(error.message)", hint: error.hint)
            }
            if isNamed, own[parts[0]] == nil {
                own[parts[0]] = url
            } else if !isNamed, shared == nil {
                shared = url
            } else {
                throw Failure(
                    status: .usage, code: "usage", message: "--source-repo names two repositories for the same app",
                    hint: "Write APP=URL where apps have a repository each")
            }
        }
    }

    /// Fetches the history of each, and answers from it.
    ///
    /// - Parameter connections: of the environment whose settings count for repositories on the host of its own.
    func withLineage<Result: Sendable>(
        _ connections: Connections, _ body: (SourceLineage?) async throws -> Result
    ) async throws -> Result {
        let urls = Set(own.values).union([shared].compactMap { $0 })
        guard !urls.isEmpty else { return try await body(nil) }
        var repositories: [RemoteURL: GitRepository] = [:]
        let result: Swift.Result<Result, any Error>
        do {
            for url in urls {
                let repository = try connections.sourceRepository(url)
                repositories[url] = repository
                try await repository.fetchLineage()
            }
            result = .success(try await body(lineage(repositories)))
        } catch {
            result = .failure(error)
        }
        for repository in repositories.values { await repository.close() }
        return try result.get()
    }

    private func lineage(_ repositories: [RemoteURL: GitRepository]) -> SourceLineage {
        { [own, shared] app, old, new in
            guard let url = own[app] ?? shared, let repository = repositories[url] else { return .noRepository }
            return switch try await repository.relation(old, new) {
            case .descends: .descends
            case .precedes: .precedes
            case .diverged: .diverged
            case .absent(let sha): .absent(sha)
            }
        }
    }
}

extension Connections {
    /// A repository that is only asked for its history. The environment's credentials are for its own git server alone.
    fileprivate func sourceRepository(_ url: RemoteURL) throws -> GitRepository {
        let (own, git) = (environment.repository, environment.git)
        let isOwnServer = (url.scheme, url.host, url.port) == (own.scheme, own.host, own.port)
        let options = GitOptions(
            cacheDirectory: cacheFolder + "/sources", credentials: isOwnServer ? git.credentials : GitCredentials(),
            certificateAuthority: git.certificateAuthority,
            clientCertificate: isOwnServer ? git.clientCertificate : nil,
            clientKey: isOwnServer ? git.clientKey : nil, environment: variables,
            sshCommand: isOwnServer ? git.sshCommand : nil)
        return try GitRepository(remote: url, options: options, logger: logger)
    }
}
