import Git
import Reporting
import Synchronization

/// What is known of the tries of one change so far, and whether another one follows.
final class PushTries: Sendable {
    private struct State {
        var count = 0
        var began = ContinuousClock.now
        var race = RaceBackoff()
        var faults = 0
        var sent: (commit: PreparedCommit, report: ChangeReport)?
        var unanswered: [CommitID: ChangeReport] = [:]
        var base: CommitID?
    }
    private let state = Mutex(State())
    private let timeout: Duration
    private let start = ContinuousClock.now

    /// How many passing faults are borne.
    private static let toleratedFaults = 4
    private static let faultPause = Duration.milliseconds(200)
    /// What a server or the way to it does under load, and what a look at the branch settles. A server that can't be reached at
    /// all, or hangs, is told at once.
    private static let passing: Set<String> = [
        "connection-lost", "server-error", "rate-limited", "commit-gone", "push-unanswered",
    ]

    init(timeout: Duration) { self.timeout = timeout }

    /// The try that is under way is counted.
    var count: Int { state.withLock(\.count) }
    /// Since the first try began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }
    /// The reports of commits whose pushes went unanswered, as they are if the branch has them after all.
    var unanswered: [CommitID: ChangeReport] { state.withLock(\.unanswered) }
    /// What the first of those commits was made on.
    var base: CommitID? { state.withLock(\.base) }

    func begin() {
        state.withLock {
            $0.count += 1
            $0.began = .now
            $0.sent = nil
        }
    }

    /// From here on the race runs: the branch's tip is known.
    func races() { state.withLock { $0.began = .now } }

    /// From here on the server may have the commit.
    func sends(_ commit: PreparedCommit, _ report: ChangeReport) { state.withLock { $0.sent = (commit, report) } }

    /// How long to wait before the next try; nil where the error is final, or the time is up.
    func pause(after error: GitError) -> Duration? {
        state.withLock { state in
            if error.code == "push-unanswered", let sent = state.sent {
                if state.base == nil { state.base = sent.commit.parent }
                state.unanswered[sent.commit.id] = sent.report
            }
            guard ContinuousClock.now - start < timeout else { return nil }
            var generator = SystemRandomNumberGenerator()
            if error.code == "push-raced" {
                return state.race.pause(after: ContinuousClock.now - state.began, using: &generator)
            }
            guard Self.passing.contains(error.code), state.faults < Self.toleratedFaults else { return nil }
            state.faults += 1
            return Self.faultPause * (1 << (state.faults - 1)) * Double.random(in: 0.5..<1, using: &generator)
        }
    }
}
