import Git
import Logging
import TestServers

/// A repository under test with a cache folder of its own.
struct Reader {
    let cache: TemporaryFolder
    var options: GitOptions

    /// Deadlines that only a broken test reaches.
    static let patient = GitDeadlines(
        connect: .seconds(20), idle: .seconds(30), total: .seconds(60), lock: .seconds(30))

    init(credentials: GitCredentials = .none, environment: [String: String] = [:]) throws {
        cache = try TemporaryFolder()
        let path = Program.environment("PATH") ?? "/usr/bin:/bin"
        let inherited = ["PATH": path, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"]
        options = GitOptions(
            cacheDirectory: cache.path + "/cache", credentials: credentials, deadlines: Self.patient,
            environment: inherited.merging(environment) { $1 })
    }

    /// Opens the repository for one piece of work and closes it whatever comes of that.
    func open<Value: Sendable>(
        _ url: String, _ body: (GitRepository) async throws -> Value
    ) async throws -> Value {
        let repository = try GitRepository(
            remote: try RemoteURL(url), options: options,
            logger: TestOutput.logger)
        do {
            let value = try await body(repository)
            await repository.close()
            return value
        } catch {
            await repository.close()
            throw error
        }
    }

    /// The bytes of a file at a branch's tip, as text.
    func text(_ path: String, of branch: String, at url: String) async throws -> String {
        try await open(url) { repository in
            let tip = try await repository.update(branch: try BranchName(branch))
            return String(decoding: try await repository.file(at: path, in: tip.commit), as: UTF8.self)
        }
    }
}

/// The code of the `GitError` that a piece of work throws; nil where it throws none.
func code(of body: () async throws -> Void) async throws -> String? {
    do { try await body() } catch let error as GitError { return error.code }
    return nil
}
