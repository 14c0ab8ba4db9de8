import Documents
import Git
import Reporting

/// Waits for a commit that is worth ending a pass for: a newer one on the environment's branch whose descriptor can be read and
/// says something else.
struct NewerCommit: Sendable {
    let source: DescriptorSource
    /// Go on where the branch was force-pushed.
    let acceptsRewrite: Bool
    /// What the pass is for.
    let current: DescriptorSource.Version
    /// How often the git server is asked.
    let interval: Duration
    let clock: any Clock<Duration>
    let note: @Sendable (String) -> Void

    /// Never longer than this, however often the git server cannot be reached.
    private static let longestPause = Duration.seconds(60)

    /// - Throws: `CancellationError` only: while the git server is away, or says what cannot be deployed, the pass goes on.
    func wait() async throws -> SyncReport.Commit {
        var refused: Set<String> = []
        var pause = interval
        while true {
            try await clock.sleep(for: pause * Double.random(in: 0.9...1.1))
            do {
                let tip = try await source.tip(acceptsRewrite: acceptsRewrite)
                pause = interval
                guard tip.commit.description != current.commit.id, !refused.contains(tip.commit.description) else {
                    continue
                }
                let version = try await source.read(tip)
                if version.bytes != current.bytes { return version.commit }
            } catch let error as GitError where error.category == .unreachable {
                pause = min(pause * 2, Self.longestPause)
            } catch let error as GitError {
                if refused.insert(error.message).inserted { tell(error.message) }
            } catch let error as Refused {
                let text = error.diagnostics.first.map { "\($0.message)" } ?? "its descriptor is refused"
                if refused.insert(text).inserted { tell(text) }
            }
        }
    }

    private func tell(_ problem: String) {
        note("a newer commit of \(source.environment.branch) cannot be deployed, so this one goes on: \(problem)")
    }
}
