import Synchronization

/// How far a push has come, for when it ends in an error.
final class PushProgress: Sendable {
    private struct State {
        var isSent = false
        var report: PushReport?
        var commit: PreparedCommit?
        var failure: (any Error)?
    }
    private let state = Mutex(State())

    /// The commit that was made for the push.
    var commit: PreparedCommit? { state.withLock(\.commit) }
    /// Why none was made.
    var failure: (any Error)? { state.withLock(\.failure) }

    /// Keeps the commit that is made, or why it isn't.
    nonisolated(nonsending) func makes(
        _ body: @Sendable () async throws -> PreparedCommit?
    ) async -> PreparedCommit? {
        do {
            let commit = try await body()
            state.withLock { $0.commit = commit }
            return commit
        } catch {
            state.withLock { $0.failure = error }
            return nil
        }
    }

    /// From here on the server may act.
    func sends() { state.withLock { $0.isSent = true } }

    func hears(_ report: PushReport) { state.withLock { $0.report = report } }

    /// Codes of errors after which the server has certainly done nothing: it said so, or was never reached.
    private static let harmless: Set<String> = [
        "unauthorized", "forbidden", "proxy-unauthorized", "repository-not-found", "http-status", "rate-limited",
        "redirect", "plain-http", "credentials", "credential-unreadable", "client-certificate", "connection-failed",
        "connect-timeout", "host-not-found", "tls", "tls-untrusted", "tls-host-name", "not-tls", "cancelled",
        "push-options-unsupported", "push-option", "no-push-report", "ssh-denied", "host-key-unknown",
        "host-key-changed",
    ]

    /// What is known of a push that ended in an error.
    ///
    /// - Throws: the error, or `push-unanswered` where the push had been sent.
    func sent(instead error: GitError, _ branch: some CustomStringConvertible, _ remote: RemoteURL) throws(GitError)
        -> PushReport.Sent
    {
        let state = state.withLock { $0 }
        // What broke off behind the report were the hooks that follow a push.
        if let report = state.report, report.isComplete { return report.sent }
        guard state.isSent, !Self.harmless.contains(error.code) else { throw error }
        throw .pushUnanswered(branch, remote, because: error)
    }
}
