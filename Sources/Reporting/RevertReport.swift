import FoundationEssentials

/// What became of the commit that takes failed versions back in git: with `onFailure: revert`, once the cluster is proven back.
public struct RevertReport: Sendable, Encodable, Hashable {
    public enum Outcome: String, Sendable, Encodable, CaseIterable {
        /// The branch has the commit.
        case committed
        /// The branch says none of the failed versions any more.
        case unchanged
        /// It could not be made, or not be pushed.
        case failed
        /// No more reverts are made: whoever deploys versions, and Descry, would go on for ever.
        case stopped
    }

    /// One app whose version goes back.
    public struct App: Sendable, Encodable, Hashable {
        public var app: String
        /// The version that failed.
        public var from: String
        public var to: String

        public init(app: String, from: String, to: String) {
            self.app = app
            self.from = from
            self.to = to
        }
    }

    /// One app that was reverted so often that it is no more.
    public struct Stopped: Sendable, Encodable, Hashable {
        public var app: String
        public var count: Int
        /// When the first of them was.
        public var since: Date

        public init(app: String, count: Int, since: Date) {
            self.app = app
            self.count = count
            self.since = since
        }
    }

    public var outcome: Outcome
    /// The revert; nil unless the outcome is `committed`.
    public var commit: SyncReport.Commit?
    public var apps: [App]
    public var stopped: [Stopped]
    /// Such as which apps were left alone.
    public var notes: [String]
    public var failure: AppReport.Failure?

    public init(
        _ outcome: Outcome, commit: SyncReport.Commit? = nil, apps: [App] = [], stopped: [Stopped] = [],
        notes: [String] = [], failure: AppReport.Failure? = nil
    ) {
        self.outcome = outcome
        self.commit = commit
        self.apps = apps
        self.stopped = stopped
        self.notes = notes
        self.failure = failure
    }

    /// A line for each thing that a person should know.
    public func lines(of environment: String) -> [String] {
        var lines: [String] = []
        switch outcome {
        case .committed:
            let changes = apps.map { "\($0.app) \(shortVersion($0.from)) → \(shortVersion($0.to))" }
            lines.append(
                "\(environment) reverted in git by \(commit?.shortID ?? "?"): \(changes.joined(separator: ", "))")
        case .unchanged:
            lines.append("\(environment): nothing is left to revert in git")
        case .failed:
            let words = failure.map { "\($0.code): \($0.message)" } ?? "it is not known why"
            lines.append("\(environment) is not reverted in git: \(words); it is tried again with the next pass")
            if let hint = failure?.hint { lines.append("  hint: \(hint)") }
        case .stopped: break
        }
        lines += stopped.map { $0.line }
        return lines + notes
    }
}

extension RevertReport.Stopped {
    /// What a person has to know.
    public var line: String {
        "descry has reverted \(app) \(count) times since \(since.formatted(.iso8601)), and does so no more until a version of it is "
            + "proven, or `descry apply --retry`"
    }
}
