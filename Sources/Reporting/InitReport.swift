import Descriptors
import Documents

/// What `descry init` has made, or would make: the one model behind its text and JSON outputs.
///
/// Its JSON form is stable: fields are added, never renamed or removed.
public struct InitReport: Sendable, Encodable {
    public enum Outcome: String, Sendable, Encodable {
        /// The folder is there, and the branches are in it.
        case created
        /// The folder is there, and the branches are in the repository.
        case pushed
        /// `--dry-run`: this would be made.
        case pending
    }

    /// A workload that a descriptor names.
    public struct App: Sendable, Encodable, Hashable {
        public var app: String
        public var kind: String
        public var version: String
        /// Which containers run the image, where the descriptor has to say so.
        public var containers: [String]?
        /// Where the image lies, where the descriptor has to say so.
        public var image: String?
        /// What the first `apply` changes besides Descry's own annotations, and what else a person should know.
        public var notes: [String]

        public init(
            app: String, kind: String, version: String, containers: [String]? = nil, image: String? = nil,
            notes: [String] = []
        ) {
            self.app = app
            self.kind = kind
            self.version = version
            self.containers = containers
            self.image = image
            self.notes = notes
        }
    }

    /// A workload that no descriptor names, and why.
    public struct LeftOut: Error, Sendable, Encodable, Hashable {
        /// As kubectl names it: `statefulset/legacy`.
        public var workload: String
        /// Stable, kebab-case.
        public var code: String
        public var reason: String
        /// What to do so that it can be one.
        public var hint: String

        public init(workload: String, code: String, reason: String, hint: String) {
            self.workload = workload
            self.code = code
            self.reason = reason
            self.hint = hint
        }
    }

    public struct Environment: Sendable, Encodable {
        public var environment: String
        public var namespace: String
        /// The kubeconfig's context that it was read through; nil where it was read otherwise.
        public var context: String?
        public var registry: String
        /// The channels that may run there.
        public var versions: [String]
        /// Nil where nothing was made.
        public var commit: String?
        /// The descriptor itself.
        public var descriptor: String
        /// By name.
        public var apps: [App]
        /// By name.
        public var leftOut: [LeftOut]
        /// What is known of the environment as a whole.
        public var notes: [String]

        public init(
            environment: String, namespace: String, context: String? = nil, registry: String, versions: [String],
            commit: String? = nil, descriptor: String, apps: [App], leftOut: [LeftOut], notes: [String] = []
        ) {
            self.environment = environment
            self.namespace = namespace
            self.context = context
            self.registry = registry
            self.versions = versions
            self.commit = commit
            self.descriptor = descriptor
            self.apps = apps
            self.leftOut = leftOut
            self.notes = notes
        }
    }

    public let command = "init"
    public var outcome: Outcome
    public var directory: String
    /// The deployment repository's address, as the environment files name it.
    public var repository: String
    /// In the order in which they were asked for.
    public var environments: [Environment]
    /// What is in the folder, by paths from it; folders end with a slash.
    public var files: [String]
    /// The commands to go on with, in their order.
    public var next: [String]
    /// What is known of all of it.
    public var notes: [String]
    /// What the git server's hooks said.
    public var remote: [String]

    public init(
        outcome: Outcome, directory: String, repository: String, environments: [Environment], files: [String],
        next: [String], notes: [String] = [], remote: [String] = []
    ) {
        self.outcome = outcome
        self.directory = directory
        self.repository = repository
        self.environments = environments
        self.files = files
        self.next = next
        self.notes = notes
        self.remote = remote
    }

    /// For each environment its apps and what was left out; then where everything is, and what to do next.
    public func text(style: TextStyle) -> String {
        var text = environments.map { $0.text(style: style, showsDescriptor: outcome == .pending) }.joined()
        for note in notes { text += "note: \(printable(note))\n" }
        for line in remote { text += "remote: \(printable(line))\n" }
        text += summary(style) + "\n"
        if outcome != .pending { text += "next:\n" + next.map { "  \(printable($0))\n" }.joined() }
        return text
    }

    private func summary(_ style: TextStyle) -> String {
        let names = environments.map(\.environment).joined(separator: ", ")
        let place = printable(directory)
        switch outcome {
        case .pending: return "\(place): nothing was written"
        case .created: return "\(place) \(style.paint("made", .green)): \(files.joined(separator: ", "))"
        case .pushed:
            return "\(place) \(style.paint("made", .green)): \(files.joined(separator: ", ")); \(names) pushed to "
                + printable(repository)
        }
    }
}

extension InitReport.Environment {
    func text(style: TextStyle, showsDescriptor: Bool) -> String {
        let count = "\(apps.count) app\(apps.count == 1 ? "" : "s")"
        let left = leftOut.isEmpty ? "" : ", \(leftOut.count) left out"
        let id = commit.map { " at " + style.paint(String($0.prefix(10)), .yellow) } ?? ""
        var text = "\(environment)\(id): \(count) of namespace \(namespace)\(left)\n"
        if showsDescriptor {
            text += descriptor.split(separator: "\n").map { "  \(printable(String($0)))\n" }.joined()
        } else if !apps.isEmpty {
            var table = TextTable("APP", "WORKLOAD", "VERSION")
            for app in apps {
                table.add(
                    .init(printable(app.app)), .init("\(app.kind.lowercased())/\(printable(app.app))"),
                    .init(shortVersion(app.version), .green))
            }
            text += table.render(coloured: style.isColoured)
        }
        for app in apps { for note in app.notes { text += "note: \(app.app): \(printable(note))\n" } }
        for note in notes { text += "note: \(printable(note))\n" }
        for left in leftOut {
            text += "\(style.paint("left out", .yellow)): \(left.workload): \(printable(left.reason))\n"
            text += "  \(printable(left.hint))\n"
        }
        return text
    }
}
