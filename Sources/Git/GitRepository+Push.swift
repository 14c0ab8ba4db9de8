import Logging

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
        let request = PushRequest(commit, to: branch, options: pushOptions)
        let sent = try await send(request, of: branch) { [remote] push throws(GitError) in
            try push.checkTip(request.commands[0], branch, remote)
        }
        return try await answer(to: sent, of: commit, on: branch)
    }

    /// Sends a finished request, once what the server has is as it must be.
    ///
    /// - Parameters:
    ///   - refs: whose push it is, for messages.
    ///   - check: looks at the server's refs before anything is sent.
    /// - Throws: as ``push(_:to:options:)``, and what `check` throws.
    func send(
        _ request: PushRequest, of refs: some CustomStringConvertible,
        _ check: @escaping @Sendable (Push) throws(GitError) -> Void
    ) async throws(GitError) -> PushReport.Sent {
        try checkOpen()
        try checkPushable()
        let progress = PushProgress()
        let hooks = options.deadlines.hooks
        do throws(GitError) {
            return try await self.request(.push) { repository, watchdog throws(GitError) in
                try await repository.receiving(watchdog) { push throws(GitError) in
                    try check(push)
                    watchdog.allowIdle(hooks)
                    return try await push.send(request, progress)
                }
            }
        } catch {
            return try progress.sent(instead: error, refs, remote)
        }
    }

    /// Makes a commit on a branch's tip and brings it to the server, with as little time as can be between the server's word
    /// where the tip is and the push, so that few races are lost.
    ///
    /// - Parameters:
    ///   - options: for the server's hooks.
    ///   - commit: gets the tip, which is present, and makes the commit; nil where there is nothing to change.
    /// - Returns: nil where there was nothing to change.
    /// - Throws: as ``push(_:to:options:)``, and what `commit` throws.
    public func push(
        to branch: BranchName, options pushOptions: [String] = [],
        _ commit: @escaping @Sendable (_ tip: CommitID) async throws -> PreparedCommit?
    ) async throws -> PushAnswer? {
        try checkOpen()
        try checkPushable()
        let progress = PushProgress()
        let hooks = options.deadlines.hooks
        let sent: PushReport.Sent
        do throws(GitError) {
            sent = try await request(.push) { repository, watchdog throws(GitError) in
                try await repository.converse(watchdog) { upload throws(GitError) in
                    try await repository.receiving(watchdog) { push throws(GitError) in
                        let tip = try RemoteRefs(push.refs).tip(of: branch, remote: repository.remote)
                        if let request = try await repository.missing(tip, of: branch) {
                            try await repository.take(try await upload.pack(request), tip: tip, of: branch)
                        }
                        guard let made = await progress.makes({ try await commit(tip) }) else { return .nothing }
                        // Hooks run before the answer begins, and not every server says meanwhile that it lives.
                        watchdog.allowIdle(hooks)
                        return try await push.send(PushRequest(made, to: branch, options: pushOptions), progress)
                    }
                }
            }
        } catch {
            sent = try progress.sent(instead: error, branch, remote)
        }
        if let error = progress.failure { throw error }
        guard let made = progress.commit else { return nil }
        return try await answer(to: sent, of: made, on: branch)
    }

    private func answer(
        to sent: PushReport.Sent, of commit: PreparedCommit, on branch: BranchName
    ) async throws(GitError) -> PushAnswer {
        logger.debug(
            "pushed", metadata: ["commit": "\(commit.id)", "branch": "\(branch)", "answer": "\(sent.verdict)"])
        guard case .rejected(let reason) = sent.verdict else { return PushAnswer(messages: sent.messages) }
        throw try await refusal(reason, sent.messages, ref: branch.refName, branch, old: commit.parent)
    }

    /// One conversation with `git-receive-pack`.
    func receiving<Value: Sendable>(
        _ watchdog: Watchdog, _ body: nonisolated(nonsending) (Push) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let options = options
        return try await carrier.converse(.receivePack, remote, options, watchdog) { conversation throws(GitError) in
            try await body(try await Push.begin(conversation, agent: options.userAgent))
        }
    }

    func checkPushable() throws(GitError) {
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

    /// Why a ref was rejected. Where the words leave it open, the ref itself tells.
    ///
    /// - Parameters:
    ///   - branch: the ref by its name for people.
    ///   - old: what it was to point at until then; nil where it was not to be there.
    func refusal(
        _ reason: String, _ messages: [String], ref: String, _ branch: some CustomStringConvertible, old: CommitID?
    ) async throws(GitError) -> GitError {
        let said = messages.suffix(20).joined(separator: " | ")
        let words = ": \(reason)" + (said.isEmpty ? "" : ". It says: " + said)
        switch PushRefusal(reason: reason, messages: messages) {
        case .raced: return .pushRaced(branch, remote, words: words)
        case .refused: return .pushRefused(branch, remote, words: words)
        case .unclear:
            var tip = old
            do throws(GitError) { tip = try await refs(under: ref)[ref] } catch {
                logger.debug("the branch can't be looked at", metadata: ["reason": "\(error.code)"])
            }
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
