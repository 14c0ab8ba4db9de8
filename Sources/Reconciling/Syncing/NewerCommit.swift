import Documents
import Git
import Reporting

/// Waits for a commit that is worth ending a pass for: a newer one on the environment's branch whose descriptor can be read and
/// says something else, and that may be deployed now.
struct NewerCommit: Sendable {
    let source: DescriptorSource
    /// Waits until the branch points elsewhere than at this commit.
    let next: @Sendable (CommitID) async throws -> CommitID
    /// Go on where the branch was force-pushed.
    let acceptsRewrite: Bool
    /// What the pass is for.
    let current: DescriptorSource.Version
    /// Why changes to a commit wait; nothing where they may be made now.
    let holds: @Sendable (DescriptorSource.Version) async throws -> [Hold]
    let clock: any Clock<Duration>
    let note: @Sendable (String) -> Void

    private static let firstPause = Duration.seconds(1)
    /// Never longer than this, however often the git server cannot be reached.
    private static let longestPause = Duration.seconds(60)

    /// - Throws: `CancellationError` only: while the git server is away, or says what cannot be deployed, the pass goes on.
    func wait() async throws -> SyncReport.Commit {
        var known = current.tip
        var told: Set<String> = []
        var pause = Self.firstPause
        while true {
            do {
                let tip = try await next(known)
                if let version = try await read(tip, &told), version.bytes != current.bytes { return version.commit }
                (known, pause) = (tip, Self.firstPause)
            } catch let error as GitError {
                try Task.checkCancellation()
                if error.category != .unreachable { tell(error.message, &told) }
                try await clock.sleep(for: pause * Double.random(in: 0.9...1.1))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// - Returns: nil where it cannot be deployed, which another look would not change.
    /// - Throws: `GitError` where the server cannot be asked.
    private func read(_ tip: CommitID, _ told: inout Set<String>) async throws -> DescriptorSource.Version? {
        do {
            let version = try await source.read(try await source.tip(tip, acceptsRewrite: acceptsRewrite))
            let held = version.bytes == current.bytes ? [] : try await holds(version)
            if held.isEmpty { return version }
            tell(held.map(\.message).joined(separator: "; "), &told)
        } catch let error as GitError where error.category == .refused {
            tell(error.message, &told)
        } catch let error as Refused {
            tell(error.diagnostics.first.map { "\($0.message)" } ?? "its descriptor is refused", &told)
        }
        return nil
    }

    private func tell(_ problem: String, _ told: inout Set<String>) {
        guard told.insert(problem).inserted else { return }
        note("a newer commit of \(source.environment.branch) cannot be deployed, so this one goes on: \(problem)")
    }
}
