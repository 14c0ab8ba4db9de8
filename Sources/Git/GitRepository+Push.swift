import Logging
import Synchronization

extension GitRepository {
    /// What a server said to a push that it took.
    public struct PushAnswer: Sendable, Hashable {
        /// The lines of its hooks, without control characters.
        public let messages: [String]
    }

    /// Brings a commit to the server: the branch points at it from then on. The server compares and swaps, so the branch must
    /// point at the commit's parent until then.
    ///
    /// - Parameter options: for the server's hooks (git-push(1), `--push-option`).
    /// - Throws: `push-raced` (unreachable) where the branch has moved: nothing was changed, and the commit has to be made
    ///   anew; `push-refused` (denied), in the server's own words; `push-unanswered` (unreachable) where the push was sent
    ///   and the answer lost: ``landed(_:on:since:)`` tells what became of it; `push-unsupported` for `git://`; and what
    ///   reading throws.
    public func push(
        _ commit: PreparedCommit, to branch: BranchName, options pushOptions: [String] = []
    ) async throws(GitError) -> PushAnswer {
        try checkOpen()
        try checkPushable()
        let command = PushRequest.Command(ref: branch.refName, old: commit.parent, new: commit.id)
        let request = PushRequest(command: command, options: pushOptions, pack: commit.pack)
        let progress = PushProgress()
        let outcome: (verdict: PushReport.Verdict, messages: [String])
        do throws(GitError) {
            outcome = try await exchange(request, of: branch, progress)
        } catch {
            outcome = try progress.outcome(instead: error, branch, remote)
        }
        logger.debug(
            "pushed", metadata: ["commit": "\(commit.id)", "branch": "\(branch)", "verdict": "\(outcome.verdict)"])
        guard case .rejected(let reason) = outcome.verdict else { return PushAnswer(messages: outcome.messages) }
        throw try await refusal(reason, outcome.messages, branch: branch, old: commit.parent)
    }

    private func checkPushable() throws(GitError) {
        switch carrier {
        case .daemon:
            throw .refused(
                "push-unsupported", "\(remote) can't be pushed to: git:// knows no login",
                hint: "Use the repository's https:// or ssh:// address")
        case .inPlace:
            throw .refused(
                "program-not-found", "To push to \(remote) git is needed, and it isn't in PATH",
                hint: "Install git: it runs the repository's hooks")
        case .http, .ssh, .local: return
        }
    }

    private func exchange(
        _ request: PushRequest, of branch: BranchName, _ progress: PushProgress
    ) async throws(GitError) -> (verdict: PushReport.Verdict, messages: [String]) {
        try await bounded { repository, watchdog throws(GitError) in
            let (remote, options) = (repository.remote, repository.options)
            return try await repository.carrier.converse(.receivePack, remote, options, watchdog) {
                conversation throws(GitError) in
                let push = try await Push.begin(conversation, agent: options.userAgent)
                try push.checkTip(request.command, branch, remote)
                // Hooks run before the answer begins, and not every server says meanwhile that it lives.
                watchdog.allowIdle(options.deadlines.hooks)
                return try await push.send(request, progress)
            }
        }
    }

    /// Why a ref was rejected. Where the words leave it open, the branch itself tells.
    private func refusal(
        _ reason: String, _ messages: [String], branch: BranchName, old: CommitID
    ) async throws(GitError) -> GitError {
        let said = messages.suffix(20).joined(separator: " | ")
        let words = ": \(reason)" + (said.isEmpty ? "" : ". It says: " + said)
        switch PushRefusal(reason: reason, messages: messages) {
        case .raced: return .pushRaced(branch, remote, words: words)
        case .refused: return .pushRefused(branch, remote, words: words)
        case .unclear:
            let tip = try await refs().branches[branch]
            return tip == old ? .pushRefused(branch, remote, words: words) : .pushRaced(branch, remote, words: words)
        }
    }

    /// Which of some commits, whose pushes went unanswered, is part of a branch by now.
    ///
    /// - Parameter base: the commit that they were made on, in the mirror.
    /// - Returns: nil where none is. One that the server is still at work on may yet become part of it, unless another commit
    ///   on the same base does: the server compares and swaps.
    public func landed(
        _ commits: Set<CommitID>, on branch: BranchName, since base: CommitID
    ) async throws(GitError) -> CommitID? {
        let tip = try await refs().tip(of: branch, remote: remote)
        if commits.contains(tip) { return tip }
        if tip == base { return nil }
        return try await withLock { repository throws(GitError) in
            _ = try await repository.bring(tip, of: branch)
            let history = { () throws(GitError) in History(store: try repository.mirror.objects()) }
            switch try history().search(commits, from: tip, downTo: base) {
            case .found(let id): return id
            case .none: return nil
            case .unknown: break
            }
            try await repository.deepen(tip, of: branch, to: base)
            if case .found(let id) = try history().search(commits, from: tip, downTo: base) { return id }
            return nil
        }
    }
}

/// How far a push has come, for when it ends in an error.
final class PushProgress: Sendable {
    private struct State {
        var isSent = false
        var report: PushReport?
    }
    private let state = Mutex(State())

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
    func outcome(
        instead error: GitError, _ branch: BranchName, _ remote: RemoteURL
    ) throws(GitError) -> (verdict: PushReport.Verdict, messages: [String]) {
        let state = state.withLock { $0 }
        // What broke off behind the report were the hooks that follow a push.
        if let report = state.report, report.isComplete, let verdict = report.verdict {
            return (verdict, report.messages)
        }
        guard state.isSent, !Self.harmless.contains(error.code) else { throw error }
        throw .pushUnanswered(branch, remote, because: error)
    }
}
