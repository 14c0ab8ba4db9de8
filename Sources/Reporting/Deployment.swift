import FoundationEssentials

/// One pass that changed an environment, as its ConfigMap keeps it: what it was for, what it set out from, and how it ended.
///
/// It is written before the first patch, so that whoever comes after a pass that was killed knows what to go back to.
public struct Deployment: Sendable, Codable, Hashable {
    public enum Outcome: String, Sendable, Codable {
        /// Under way, or killed and not noticed yet.
        case running
        /// Killed; the next one went on from it.
        case interrupted
        /// Ended by a newer commit; the next one went on from it.
        case preempted
        /// Every change was written, and no rollout waited for.
        case patched
        case proven
        case rolledBack
        case failed
    }

    /// Who let it run.
    public struct Runner: Sendable, Codable, Hashable {
        /// The operating system's user, or the one who started the build.
        public var user: String?
        public var host: String?
        /// The URL of the CI build.
        public var build: String?

        public init(user: String? = nil, host: String? = nil, build: String? = nil) {
            self.user = user
            self.host = host
            self.build = build
        }

        /// From what CI servers and shells set: Jenkins' `BUILD_URL`, GitLab's `CI_JOB_URL`, GitHub's run.
        public init(_ variables: [String: String]) {
            func first(_ names: String...) -> String? {
                names.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
            }
            build = first("BUILD_URL", "CI_JOB_URL")
            if build == nil, let server = first("GITHUB_SERVER_URL"), let repository = first("GITHUB_REPOSITORY"),
                let run = first("GITHUB_RUN_ID")
            {
                build = "\(server)/\(repository)/actions/runs/\(run)"
            }
            user = first("BUILD_USER", "GITLAB_USER_LOGIN", "GITHUB_ACTOR", "USER", "LOGNAME")
            host = first("NODE_NAME", "HOSTNAME") ?? ProcessInfo.processInfo.hostName
        }
    }

    /// What a workload was before the first pass changed it: what a rollback goes back to.
    public struct Before: Sendable, Codable, Hashable {
        /// Container or init container → image.
        public var images: [String: String]
        public var initContainers: [String]
        /// Descry's own annotations.
        public var annotations: [String: String]
        public var strategy: String
        public var partition: Int?

        public init(
            images: [String: String], initContainers: [String], annotations: [String: String], strategy: String,
            partition: Int?
        ) {
            self.images = images
            self.initContainers = initContainers
            self.annotations = annotations
            self.strategy = strategy
            self.partition = partition
        }
    }

    public struct App: Sendable, Codable, Hashable {
        public var app: String
        /// `statefulset/backend`.
        public var workload: String
        public var uid: String
        public var from: String?
        public var to: String
        public var before: Before
        /// Nil while it is under way.
        public var outcome: AppReport.Outcome?
        /// Stable; see docs/cli.md.
        public var failureCode: String?
        /// Code, reason and message, cut to 200 characters.
        public var failure: String?

        public init(app: String, workload: String, uid: String, from: String?, to: String, before: Before) {
            self.app = app
            self.workload = workload
            self.uid = uid
            self.from = from
            self.to = to
            self.before = before
        }
    }

    /// The check of the whole environment after its rollouts.
    public struct Verification: Sendable, Codable, Hashable {
        /// `job/smoke`, or the URL.
        public var check: String
        public var outcome: VerificationReport.Outcome
        /// Stable; see docs/cli.md.
        public var failureCode: String?
        /// Code, reason and message, cut to 200 characters.
        public var failure: String?

        public init(check: String, outcome: VerificationReport.Outcome, failureCode: String?, failure: String?) {
            self.check = check
            self.outcome = outcome
            self.failureCode = failureCode
            self.failure = failure
        }
    }

    /// What a person has put aside for this deployment. Who that was is ``by``.
    public struct Override: Sendable, Codable, Hashable {
        public var guards: [Hold.Guard]
        /// In the person's own words.
        public var reason: String

        public init(guards: [Hold.Guard], reason: String) {
            self.guards = guards
            self.reason = reason
        }
    }

    /// A commit that took this deployment's failed versions back in git.
    public struct Revert: Sendable, Codable, Hashable {
        /// Its id; nil where the process ended before it was known whether the branch has it.
        public var commit: String?
        /// The id of the commit that it reverts: the deployment's own, or a later one that said the same versions.
        public var reverts: String
        public var at: Date
        /// The apps that it set back.
        public var apps: [String]

        public init(commit: String? = nil, reverts: String, at: Date, apps: [String]) {
            self.commit = commit
            self.reverts = reverts
            self.at = at
            self.apps = apps
        }
    }

    /// Counted from 1 in each environment.
    public var number: Int
    public var commit: SyncReport.Commit
    /// SHA-256 of the descriptor's bytes, hex.
    public var descriptor: String
    public var startedAt: Date
    public var finishedAt: Date?
    public var outcome: Outcome
    public var by: Runner
    /// Those that the pass set out to change.
    public var apps: [App]
    /// Nil where none was asked for, or it did not come to it.
    public var verification: Verification?
    /// Nil where nothing was in the way.
    public var override: Override?
    /// The oldest first; nil where there were none.
    public var reverts: [Revert]?
    /// True where it only put right what somebody else had changed, while the branch's own commit was not to be deployed: it says
    /// nothing of that commit, and what failed before it stays failed.
    public var isCorrection: Bool?

    public init(
        number: Int, commit: SyncReport.Commit, descriptor: String, startedAt: Date, outcome: Outcome, by: Runner,
        apps: [App]
    ) {
        self.number = number
        self.commit = commit
        self.descriptor = descriptor
        self.startedAt = startedAt
        self.outcome = outcome
        self.by = by
        self.apps = apps
    }
}
