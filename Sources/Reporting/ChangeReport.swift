import Documents
import FoundationEssentials

/// What a command that writes to the deployment repository did: the one model behind its text and JSON outputs.
///
/// Its JSON form is stable: fields are added, never renamed or removed.
public struct ChangeReport: Sendable, Encodable {
    public enum Command: String, Sendable, Encodable {
        case set
        case promote
        case rollback
        /// By Descry itself, with `onFailure: revert`.
        case revert
    }

    public enum Outcome: String, Sendable, Encodable {
        /// The branch has the commit.
        case committed
        /// The descriptor says so already; nothing was committed.
        case unchanged
        /// `--dry-run`: this would be committed.
        case pending
    }

    /// One app that gets another version.
    public struct App: Sendable, Encodable, Hashable {
        public var app: String
        public var from: String
        public var to: String
        /// Which deployment has proven the version: of `promote` and `rollback`.
        public var proof: Proof?
        /// `promote`: the candidate that the other environment runs, and that `to` is the release of.
        public var insteadOf: String?

        public init(app: String, from: String, to: String, proof: Proof? = nil, insteadOf: String? = nil) {
            self.app = app
            self.from = from
            self.to = to
            self.proof = proof
            self.insteadOf = insteadOf
        }

        /// Why this version, in a few words.
        package var remark: String? {
            let words = [
                insteadOf.map { "the release of \(shortVersion($0))" },
                proof.map { "proven by deployment \($0.deployment) of \($0.environment)" },
            ].compactMap { $0 }
            return words.isEmpty ? nil : words.joined(separator: ", ")
        }
    }

    /// The deployment that has proven a version.
    public struct Proof: Sendable, Encodable, Hashable {
        public var environment: String
        /// Its number in that environment's history.
        public var deployment: Int
        /// The id of its commit.
        public var commit: String
        /// Since when the version has been proven.
        public var since: Date

        public init(environment: String, deployment: Int, commit: String, since: Date) {
            self.environment = environment
            self.deployment = deployment
            self.commit = commit
            self.since = since
        }
    }

    /// Where `promote` took the versions from.
    public struct Source: Sendable, Encodable, Hashable {
        public var environment: String
        /// The id of its branch's tip.
        public var commit: String

        public init(environment: String, commit: String) {
            self.environment = environment
            self.commit = commit
        }
    }

    public var command: Command
    public var environment: String
    /// The repository's address without credentials.
    public var repository: String
    public var branch: String
    public var descriptor: String
    public var outcome: Outcome
    /// The commit that was made; nil unless the outcome is `committed`.
    public var commit: SyncReport.Commit?
    /// The branch's tip that it follows, or, where nothing was committed, that was looked at.
    public var parent: String
    /// Nil but of `promote`.
    public var source: Source?
    /// In the descriptor's order.
    public var apps: [App]
    /// What changes, as a unified diff.
    public var diff: String
    /// The commit's message; nil where there is nothing to commit.
    public var message: String?
    /// What a person should know besides, such as which apps were chosen where none was named.
    public var notes: [String]
    /// What the git server's hooks said.
    public var remote: [String]
    /// How often the branch was fetched and pushed to: once, and once more for each race that was lost.
    public var attempts: Int
    public var seconds: Double

    public init(
        command: Command, environment: String, repository: String, branch: String, descriptor: String,
        outcome: Outcome, commit: SyncReport.Commit? = nil, parent: String, source: Source? = nil, apps: [App] = [],
        diff: String = "", message: String? = nil, notes: [String] = [], remote: [String] = [], attempts: Int,
        seconds: Double
    ) {
        self.command = command
        self.environment = environment
        self.repository = repository
        self.branch = branch
        self.descriptor = descriptor
        self.outcome = outcome
        self.commit = commit
        self.parent = parent
        self.source = source
        self.apps = apps
        self.diff = diff
        self.message = message
        self.notes = notes
        self.remote = remote
        self.attempts = attempts
        self.seconds = seconds
    }

    /// A line for each app and one for the outcome; before them the diff, where nothing was committed yet or the versions were
    /// not named by whoever asked.
    public func text(style: TextStyle) -> String {
        var text = outcome == .pending || command != .set ? diffText(style) : ""
        for app in apps {
            let remark = app.remark.map { ", \($0)" } ?? ""
            text += "\(printable(app.app)): \(shortVersion(app.from)) → \(style.paint(shortVersion(app.to), .green))"
            text += printable(remark) + "\n"
        }
        for note in notes { text += "note: \(printable(note))\n" }
        for line in remote { text += "remote: \(printable(line))\n" }
        return text + summary(style) + "\n"
    }

    private func summary(_ style: TextStyle) -> String {
        let count = "\(apps.count) app\(apps.count == 1 ? "" : "s")"
        switch outcome {
        case .unchanged:
            return "\(environment) unchanged: "
                + (command == .set ? "\(parent.prefix(10)) says so already" : "\(parent.prefix(10)) has those versions")
        case .pending: return "\(environment) at \(parent.prefix(10)): \(count) would change; nothing was committed"
        case .committed:
            let id = style.paint(commit?.shortID ?? "", .yellow)
            let took = seconds < 1 ? "\(Int(seconds * 1000)) ms" : secondsText(seconds)
            return "\(environment) at \(id): \(count) changed in \(took)\(attempts == 1 ? "" : ", \(attempts) tries")"
        }
    }

    private func diffText(_ style: TextStyle) -> String {
        // By bytes: to Swift a carriage return and a line feed are one character.
        let lines = diff.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        return lines.map { line in
            let shown = TerminalText.escaped(String(Substring(line.last == 0x0D ? line.dropLast() : line)))
            switch shown.first {
            case "+": return style.paint(shown, .green) + "\n"
            case "-": return style.paint(shown, .red) + "\n"
            default: return shown + "\n"
            }
        }.joined()
    }
}
