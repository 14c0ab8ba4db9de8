import Documents
import FoundationEssentials

/// The approvals of one commit: the model behind `descry approve` and `descry approvals`.
///
/// Its JSON form is stable: fields are added, never renamed or removed.
public struct ApprovalReport: Sendable, Encodable {
    public enum Command: String, Sendable, Encodable {
        case approve, approvals
    }

    /// One person's approval that counts.
    public struct Given: Sendable, Encodable, Hashable {
        public var signer: String
        public var time: Date
        /// When it counts no longer; nil where it does not end.
        public var expires: Date?

        public init(signer: String, time: Date, expires: Date?) {
            self.signer = signer
            self.time = time
            self.expires = expires
        }
    }

    /// What stands at a ref and does not count.
    public struct Refused: Sendable, Encodable, Hashable {
        public var ref: String
        /// By the ref's name; nil where that names nobody.
        public var signer: String?
        /// Stable; see docs/cli.md.
        public var code: String
        public var message: String

        public init(ref: String, signer: String?, code: String, message: String) {
            self.ref = ref
            self.signer = signer
            self.code = code
            self.message = message
        }
    }

    public var command: Command
    public var environment: String
    /// The repository's address without credentials.
    public var repository: String
    public var branch: String
    /// The commit that is asked about.
    public var commit: SyncReport.Commit
    /// Of `approve`: where the approval stands, who gave it, and the key's fingerprint.
    public var ref: String?
    public var signer: String?
    public var key: String?
    /// How many people it takes; nil where that is not known here.
    public var needed: Int?
    public var isEnough: Bool?
    public var approvals: [Given]?
    public var refused: [Refused]?
    /// What the git server's hooks said.
    public var remote: [String] = []

    public init(command: Command, environment: String, repository: String, branch: String, commit: SyncReport.Commit) {
        self.command = command
        self.environment = environment
        self.repository = repository
        self.branch = branch
        self.commit = commit
    }

    public func text(style: TextStyle) -> String {
        var text = commitLine(commit, environment: environment, branch: branch, style: style)
        for line in remote { text += "remote: \(printable(line))\n" }
        if let signer { text += "\(style.paint("approved", .green)) as \(printable(signer)), key \(key ?? "")\n" }
        var table = TextTable("SIGNER", "GIVEN", "EXPIRES", "COUNTS")
        for approval in approvals ?? [] {
            table.add(
                .init(approval.signer), .init(approval.time.formatted(.iso8601)),
                .init(approval.expires.map { $0.formatted(.iso8601) } ?? "-"), .init("yes", .green))
        }
        for refused in refused ?? [] {
            table.add(
                .init(refused.signer ?? refused.ref), .init("-"), .init("-"),
                .init("no: \(refused.code): \(refused.message)", .red))
        }
        if !table.isEmpty { text += table.render(coloured: style.isColoured) }
        guard let needed, let approvals else { return text }
        return text + "\(environment): \(approvals.count) of \(needed) approvals"
            + (isEnough == true ? style.paint(", enough", .green) : "") + "\n"
    }
}
