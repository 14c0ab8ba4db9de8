import FoundationEssentials

/// What one pass of `plan` or `apply` found and did: the one model behind the text, JSON and JUnit outputs.
///
/// Its JSON form is stable: fields are added, never renamed or removed. Times are ISO 8601 in UTC, durations seconds.
public struct SyncReport: Sendable, Encodable {
    /// What the pass was asked for.
    public enum Command: String, Sendable, Encodable {
        case plan
        case apply
    }

    /// The outcome of the whole pass.
    public enum Outcome: String, Sendable, Encodable {
        /// Every app already runs what the descriptor says.
        case unchanged
        /// `plan`: there is something to change.
        case pending
        /// `apply --dry-run`, `plan --server`: the API server would take every change.
        case validated
        /// `apply --no-wait`: every change is written, no rollout was waited for.
        case patched
        /// Every changed app is proven to run its new version.
        case proven
        /// Changes are asked for, and a window or approvals are waited for; at most what somebody else had changed was put right.
        case waiting
        /// The input is wrong or names what is not there; nothing was written.
        case refused
        /// At least one app did not get where the descriptor wants it; every app that the pass changed is back, and proven
        /// so.
        case rolledBack
        /// At least one app did not get where the descriptor wants it.
        case failed
        /// `apply --follow`: a newer commit was there before every rollout had ended; another pass goes on with that one.
        case preempted
    }

    public var command: Command
    public var environment: String
    public var namespace: String
    /// The repository's address without credentials.
    public var repository: String
    public var branch: String
    public var descriptor: String
    public var commit: Commit?
    /// The newer commit that ended the pass.
    public var preemptedBy: Commit?
    public var startedAt: Date
    public var finishedAt: Date?
    /// How long the pass took; nil while it is under way.
    public var seconds: Double?
    public var outcome: Outcome
    /// That of the process; nil while the pass is under way.
    public var exitCode: Int32?
    /// What changes wait for; nil where none do.
    public var waitingFor: [Hold]?
    public var apps: [AppReport]
    /// The check that followed the rollouts; nil where none did, or something failed before it.
    public var verification: VerificationReport?
    /// The commit that takes failed versions back in git; nil where none was due.
    public var revert: RevertReport?
    /// What a person should know and no app is to blame for, such as polling for want of the right to watch.
    public var notes: [String]

    public init(
        command: Command, environment: String, namespace: String, repository: String, branch: String,
        descriptor: String, commit: Commit? = nil, startedAt: Date, finishedAt: Date? = nil,
        outcome: Outcome = .unchanged, apps: [AppReport] = [], notes: [String] = []
    ) {
        self.command = command
        self.environment = environment
        self.namespace = namespace
        self.repository = repository
        self.branch = branch
        self.descriptor = descriptor
        self.commit = commit
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.apps = apps
        self.notes = notes
    }

    /// Something differs from what the descriptor says.
    public var hasChanges: Bool { apps.contains { $0.outcome != .unchanged } }

    /// The commit whose descriptor was read.
    public struct Commit: Sendable, Codable, Hashable {
        public var id: String
        public var author: String
        public var time: Date
        /// The first line of its message.
        public var subject: String

        public init(id: String, author: String, time: Date, subject: String) {
            self.id = id
            self.author = author
            self.time = time
            self.subject = subject
        }

        /// The first ten hex digits, as a person quotes a commit.
        public var shortID: String { String(id.prefix(10)) }
    }
}

/// What became of one app of the descriptor.
public struct AppReport: Sendable, Encodable {
    public enum Outcome: String, Sendable, Codable {
        case unchanged
        /// Someone else changed it, and the environment says `drift: report`: left as it is.
        case drifted
        case pending
        /// Its change waits for what ``SyncReport/waitingFor`` says.
        case waiting
        case validated
        case patched
        case proven
        /// It was proven, or could have been, and went back with the others because one of them failed.
        case rolledBack
        case failed
        /// Not tried, because an app of an earlier wave or another part of the pass failed.
        case notStarted
        /// It was not waited for to its end, because there is a newer commit.
        case preempted
        case refused
    }

    /// One field that differs from what the descriptor asks for.
    public struct Change: Sendable, Encodable, Hashable {
        public var field: String
        public var from: String?
        public var to: String
        public var reason: String

        public init(field: String, from: String?, to: String, reason: String) {
            self.field = field
            self.from = from
            self.to = to
            self.reason = reason
        }
    }

    /// Why an app failed or was refused, in the words of whoever knows: the container, the API server, the plan.
    public struct Failure: Sendable, Encodable, Hashable {
        /// Stable; scripts may match on it.
        public var code: String
        public var message: String
        public var hint: String?
        public var pod: String?
        public var container: String?
        /// The container's own reason, such as `ImagePullBackOff`.
        public var reason: String?

        public init(
            code: String, message: String, hint: String? = nil, pod: String? = nil, container: String? = nil,
            reason: String? = nil
        ) {
            self.code = code
            self.message = message
            self.hint = hint
            self.pod = pod
            self.container = container
            self.reason = reason
        }
    }

    /// The way back, where the app was changed and a pass failed.
    public struct Rollback: Sendable, Encodable {
        public enum Outcome: Sendable, Equatable {
            /// Everything is as before, and its pods are proven to be.
            case proven
            case failed(Failure)
        }

        /// What it went back to, where it could be told.
        public var to: String?
        public var outcome: Outcome
        public var seconds: Double

        public init(to: String?, outcome: Outcome, seconds: Double) {
            self.to = to
            self.outcome = outcome
            self.seconds = seconds
        }

        private enum CodingKeys: String, CodingKey { case to, outcome, failure, seconds }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(to, forKey: .to)
            try container.encode(seconds, forKey: .seconds)
            switch outcome {
            case .proven: try container.encode("proven", forKey: .outcome)
            case .failed(let failure):
                try container.encode("failed", forKey: .outcome)
                try container.encode(failure, forKey: .failure)
            }
        }
    }

    /// How far the rollout had come when it was last looked at.
    public struct Pods: Sendable, Encodable, Hashable {
        public var replicas: Int
        public var updated: Int
        public var ready: Int

        public init(replicas: Int, updated: Int, ready: Int) {
            self.replicas = replicas
            self.updated = updated
            self.ready = ready
        }
    }

    public var app: String
    /// `statefulset/backend`.
    public var workload: String
    public var outcome: Outcome
    /// The version that ran before, where it could be told.
    public var from: String?
    /// The version that the descriptor asks for.
    public var to: String
    /// 1 for the first wave; nil for an app that needs no change.
    public var wave: Int?
    public var changes: [Change]
    public var notes: [String]
    public var failure: Failure?
    public var rollback: Rollback?
    public var pods: Pods?
    /// The images that the workload's template and its pods held when the rollout failed: what is running where.
    public var running: [String]?
    /// From the patch being sent to the verdict.
    public var seconds: Double?

    public init(
        app: String, workload: String, outcome: Outcome, from: String? = nil, to: String, wave: Int? = nil,
        changes: [Change] = [], notes: [String] = [], failure: Failure? = nil, pods: Pods? = nil
    ) {
        self.app = app
        self.workload = workload
        self.outcome = outcome
        self.from = from
        self.to = to
        self.wave = wave
        self.changes = changes
        self.notes = notes
        self.failure = failure
        self.pods = pods
    }
}
