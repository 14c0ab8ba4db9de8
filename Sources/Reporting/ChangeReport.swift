import Documents
import FoundationEssentials

/// What a command that writes to the deployment repository did: the one model behind its text and JSON outputs.
///
/// Its JSON form is stable: fields are added, never renamed or removed.
public struct ChangeReport: Sendable, Encodable {
    public enum Command: String, Sendable, Encodable {
        case set
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

        public init(app: String, from: String, to: String) {
            self.app = app
            self.from = from
            self.to = to
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
    /// In the descriptor's order.
    public var apps: [App]
    /// What changes, as a unified diff.
    public var diff: String
    /// The commit's message; nil where there is nothing to commit.
    public var message: String?
    /// What the git server's hooks said.
    public var remote: [String]
    /// How often the branch was fetched and pushed to: once, and once more for each race that was lost.
    public var attempts: Int
    public var seconds: Double

    public init(
        command: Command, environment: String, repository: String, branch: String, descriptor: String,
        outcome: Outcome, commit: SyncReport.Commit? = nil, parent: String, apps: [App] = [], diff: String = "",
        message: String? = nil, remote: [String] = [], attempts: Int, seconds: Double
    ) {
        self.command = command
        self.environment = environment
        self.repository = repository
        self.branch = branch
        self.descriptor = descriptor
        self.outcome = outcome
        self.commit = commit
        self.parent = parent
        self.apps = apps
        self.diff = diff
        self.message = message
        self.remote = remote
        self.attempts = attempts
        self.seconds = seconds
    }

    /// A line for each app and one for the outcome; of a dry run the diff and the message.
    public func text(style: TextStyle) -> String {
        var text = outcome == .pending ? diffText(style) : ""
        for app in apps {
            text += "\(printable(app.app)): \(shortVersion(app.from)) → \(style.paint(shortVersion(app.to), .green))\n"
        }
        for line in remote { text += "remote: \(printable(line))\n" }
        return text + summary(style) + "\n"
    }

    private func summary(_ style: TextStyle) -> String {
        let count = "\(apps.count) app\(apps.count == 1 ? "" : "s")"
        switch outcome {
        case .unchanged: return "\(environment) unchanged: \(parent.prefix(10)) says so already"
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
