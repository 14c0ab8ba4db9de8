import Git

/// How a pass learns which commit its branch points at, and that the branch has moved on meanwhile.
public struct TipSource: Sendable {
    let current: @Sendable () async throws -> CommitID
    let next: (@Sendable (CommitID) async throws -> CommitID)?

    /// - Parameters:
    ///   - current: the tip to deploy.
    ///   - next: waits until the branch points at another commit than this one. A `GitError` of it says that the server could
    ///     not be asked, and it is called again. Nil: the pass is never pre-empted.
    public init(
        current: @escaping @Sendable () async throws -> CommitID,
        next: (@Sendable (CommitID) async throws -> CommitID)? = nil
    ) {
        self.current = current
        self.next = next
    }

    /// Asks the git server itself: one `ls-refs` at the beginning and, where `interval` is given, one each so often while the
    /// pass waits.
    public static func asking(
        _ repository: GitRepository, _ branch: BranchName, every interval: Duration? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) -> TipSource {
        let ask: @Sendable () async throws -> CommitID = {
            try await repository.refs().tip(of: branch, remote: repository.remote)
        }
        guard let interval else { return TipSource(current: ask) }
        return TipSource(current: ask) { known in
            while true {
                try await clock.sleep(for: interval * Double.random(in: 0.9...1.1))
                let tip = try await ask()
                if tip != known { return tip }
            }
        }
    }
}
