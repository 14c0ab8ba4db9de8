import AsyncHTTPClient
import Logging
import Synchronization

/// The way to a repository's server.
enum Carrier {
    case http(HTTPClientOwner)
    case ssh
    case daemon
    /// `git upload-pack` and `git receive-pack` on this machine.
    case local
    /// This machine's files, through libgit2: there is no `git`.
    case inPlace

    static func choose(_ remote: RemoteURL, _ options: GitOptions, logger: Logger) throws(GitError) -> Carrier {
        switch remote.scheme {
        case .http, .https: return .http(HTTPClientOwner(try HTTPClientFactory.make(options: options, logger: logger)))
        case .git: return .daemon
        case .local: return ProgramSearch.find("git", path: options.environment["PATH"]) != nil ? .local : .inPlace
        case .ssh:
            // What is wrong with the command is better said at the start.
            _ = try SSHCommand.make(remote: remote, options: options)
            return .ssh
        }
    }

    /// Opens a conversation, and hands it to `body`; it is over, and its process reaped, when this returns.
    nonisolated(nonsending) func converse<Value: Sendable>(
        _ service: Service, _ remote: RemoteURL, _ options: GitOptions, _ watchdog: Watchdog,
        _ body: nonisolated(nonsending) (any Conversation) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        switch self {
        case .http(let owner):
            return try await body(
                HTTPConversation(owner, service: service, remote: remote, options: options, watchdog: watchdog))
        case .daemon:
            return try await TCPCarrier.converse(remote, options: options, watchdog: watchdog, body)
        case .ssh:
            let command = try SSHCommand.make(remote: remote, options: options, service: service)
            return try await process(command, service, remote, options, watchdog, body)
        case .local:
            let command = ProcessCommand(
                executable: "git", arguments: [service.subcommand, remote.path],
                environment: options.childEnvironment(for: service))
            return try await process(command, service, remote, options, watchdog, body)
        case .inPlace:
            throw .internal("carrier", "A repository that is read in place has no server to talk to")
        }
    }

    nonisolated(nonsending) private func process<Value: Sendable>(
        _ command: ProcessCommand, _ service: Service, _ remote: RemoteURL, _ options: GitOptions, _ watchdog: Watchdog,
        _ body: nonisolated(nonsending) (any Conversation) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let outcome = try await ProcessCarrier.converse(
            command, service: service, limits: options.limits, watchdog: watchdog, body)
        do throws(GitError) {
            return try outcome.value.get()
        } catch {
            // An error of the protocol is the consequence; what the process said is the reason.
            guard ["connection-lost", "packet-malformed", "protocol"].contains(error.code) else { throw error }
            throw ProcessDiagnosis.error(
                outcome.standardError, exitCode: outcome.exitCode, remote: remote, fallback: error)
        }
    }
}

/// The one owner of an HTTP client, which must be shut down before it goes.
final class HTTPClientOwner: Sendable {
    let client: HTTPClient
    /// What a server of protocol v2 said first, and where. It tells capabilities, no refs, so it holds from one conversation
    /// to the next and each further poll takes one request. Forgotten at the first sign that it no longer holds.
    let greeting = Mutex<(base: String, advertisement: Advertisement)?>(nil)

    init(_ client: HTTPClient) { self.client = client }

    func close() async throws { try await client.shutdown() }

    deinit {
        // Where `close` was called, this does nothing more; where it was forgotten, connections close all the same.
        client.shutdown { _ in }
    }
}

/// Looks for programs as `execvp` does.
enum ProgramSearch {
    /// The program's path; nil where it is in none of the folders.
    static func find(_ name: String, path: String?) -> String? {
        let folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first { Disk.isExecutable($0) }
    }
}
