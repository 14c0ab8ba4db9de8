import Git
import Reporting

/// What is known of the tries of one change so far, and whether another one follows.
struct PushTries: Sendable {
    private let timeout: Duration
    private let start = ContinuousClock.now
    private var began = ContinuousClock.now
    private var race = RaceBackoff()
    private var faults = 0
    private var sent: (commit: PreparedCommit, report: ChangeReport)?

    /// The try that is under way is counted.
    private(set) var count = 0
    /// The reports of commits whose pushes went unanswered, as they are if the branch has them after all.
    private(set) var unanswered: [CommitID: ChangeReport] = [:]
    /// What the first of them was made on.
    private(set) var base: CommitID?

    /// How many passing faults are borne.
    private static let toleratedFaults = 4
    private static let faultPause = Duration.milliseconds(200)
    /// What a server or the way to it does under load, and what a look at the branch settles. A server that can't be reached at
    /// all, or hangs, is told at once.
    private static let passing: Set<String> = [
        "connection-lost", "server-error", "rate-limited", "commit-gone", "push-unanswered",
    ]

    init(timeout: Duration) { self.timeout = timeout }

    /// Since the first try began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    mutating func begin() {
        count += 1
        began = .now
        sent = nil
    }

    /// From here on the server may have the commit.
    mutating func sends(_ commit: PreparedCommit, _ report: ChangeReport) { sent = (commit, report) }

    /// How long to wait before the next try; nil where the error is final, or the time is up.
    mutating func pause(after error: GitError) -> Duration? {
        if error.code == "push-unanswered", let sent {
            if base == nil { base = sent.commit.parent }
            unanswered[sent.commit.id] = sent.report
        }
        guard ContinuousClock.now - start < timeout else { return nil }
        var generator = SystemRandomNumberGenerator()
        if error.code == "push-raced" {
            return race.pause(after: ContinuousClock.now - began, using: &generator)
        }
        guard Self.passing.contains(error.code), faults < Self.toleratedFaults else { return nil }
        faults += 1
        return Self.faultPause * (1 << (faults - 1)) * Double.random(in: 0.5..<1, using: &generator)
    }
}
