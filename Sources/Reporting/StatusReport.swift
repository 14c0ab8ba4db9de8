import FoundationEssentials

/// What every environment is to run, and what runs: the model behind `descry status`.
///
/// Its JSON form is stable: fields are added, never renamed or removed.
public struct StatusReport: Sendable, Encodable {
    public var environments: [EnvironmentStatus]
    /// That of the process.
    public var exitCode: Int32

    /// - Parameter strict: pending changes and failed rollouts count for the exit code.
    public init(environments: [EnvironmentStatus], strict: Bool) {
        self.environments = environments
        exitCode = Self.status(of: environments, strict: strict).rawValue
    }

    public var status: ExitStatus { ExitStatus(rawValue: exitCode) ?? .internalError }

    /// An environment that could not be read goes first, in the order of the report; then what cannot be deployed as in a
    /// plan; then, where asked for, a failed rollout before pending changes.
    private static func status(of environments: [EnvironmentStatus], strict: Bool) -> ExitStatus {
        if let unread = environments.compactMap(\.error).first { return unread.status }
        let states = Set(environments.flatMap(\.apps).map(\.state))
        if states.contains(.refused) { return .refused }
        if states.contains(.missing) { return .missing }
        guard strict else { return .done }
        if states.contains(.failed) { return .rolloutFailed }
        return states.isSubset(of: [.ok]) ? .done : .changesPending
    }
}

/// One environment, read at one moment.
public struct EnvironmentStatus: Sendable, Encodable {
    /// Why it could not be read.
    public struct Unread: Sendable, Encodable {
        public var code: String
        public var message: String
        public var hint: String?
        public var exitCode: Int32

        public init(code: String, message: String, hint: String?, status: ExitStatus) {
            self.code = code
            self.message = message
            self.hint = hint
            exitCode = status.rawValue
        }

        var status: ExitStatus { ExitStatus(rawValue: exitCode) ?? .internalError }
    }

    public var environment: String
    /// Nil, as the three below, where the environment's settings could not be read.
    public var namespace: String?
    /// The repository's address without credentials.
    public var repository: String?
    public var branch: String?
    public var descriptor: String?
    /// The branch's tip, whose descriptor was read.
    public var commit: SyncReport.Commit?
    /// What changes wait for; nil where none do.
    public var waitingFor: [Hold]?
    /// In the descriptor's order; none where the environment could not be read.
    public var apps: [AppStatus] = []
    public var notes: [String] = []
    public var error: Unread?
    /// The problems of its input, where that is why it could not be read.
    public var diagnostics: [DiagnosticReport]?

    public init(environment: String, error: Unread? = nil) {
        self.environment = environment
        self.error = error
    }
}

/// One app in one environment.
public struct AppStatus: Sendable, Encodable {
    /// The raw values are stable.
    public enum State: String, Sendable, Encodable {
        /// It runs the version that the descriptor says, in every pod.
        case ok
        /// Its pods are being replaced.
        case rolling
        /// Another version is wanted; `apply` would deploy it.
        case pending
        /// The same, and it waits for what ``EnvironmentStatus/waitingFor`` says.
        case waiting
        /// The wanted version was deployed, and somebody has changed it since; `apply` would put it right.
        case drifted
        /// Its last rollout has failed: a pod says why.
        case failed
        /// There is no such workload or container.
        case missing
        /// The environment does not allow what the descriptor asks for.
        case refused
    }

    /// The newest version of the app that failed here, unless one since was proven.
    public struct LastFailure: Sendable, Encodable, Hashable {
        public var version: String
        /// Its number in the history.
        public var deployment: Int
        /// The id of the commit that asked for it.
        public var commit: String
        /// When the deployment ended.
        public var at: Date
        /// Stable; see docs/cli.md.
        public var code: String
        /// Reason and message, as the history keeps them.
        public var message: String
        /// `apply` does not try it again before the descriptor changes, or `--retry` says so.
        public var quarantined: Bool

        public init(
            version: String, deployment: Int, commit: String, at: Date, code: String, message: String,
            quarantined: Bool
        ) {
            self.version = version
            self.deployment = deployment
            self.commit = commit
            self.at = at
            self.code = code
            self.message = message
            self.quarantined = quarantined
        }
    }

    public var app: String
    /// `statefulset/backend`.
    public var workload: String
    public var state: State
    /// The version that the descriptor asks for.
    public var wanted: String
    /// The version in the workload's template: the image's tag. Nil where there is none.
    public var running: String?
    public var pods: AppReport.Pods?
    /// What a rollout under way waits for.
    public var waitingFor: String?
    public var failure: AppReport.Failure?
    /// When a deployment brought what runs. Nil where none did, or the history is not readable.
    public var since: Date?
    public var lastFailure: LastFailure?

    public init(
        app: String, workload: String, state: State, wanted: String, running: String? = nil,
        pods: AppReport.Pods? = nil, waitingFor: String? = nil, failure: AppReport.Failure? = nil
    ) {
        self.app = app
        self.workload = workload
        self.state = state
        self.wanted = wanted
        self.running = running
        self.pods = pods
        self.waitingFor = waitingFor
        self.failure = failure
    }
}
