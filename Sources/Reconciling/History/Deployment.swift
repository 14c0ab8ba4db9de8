import Descriptors
import FoundationEssentials
import Kubernetes
import Planning
import Reporting
import Workloads

/// One pass that changed an environment, as its ConfigMap keeps it: what it was for, what it set out from, and how it ended.
///
/// It is written before the first patch, so that whoever comes after a pass that was killed knows what to go back to.
public struct Deployment: Sendable, Codable, Hashable {
    public enum Outcome: String, Sendable, Codable {
        /// Under way; or killed, where nobody holds the environment any more.
        case running
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
            func first(_ names: String...) -> String? { names.lazy.compactMap { variables.nonEmpty($0) }.first }
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
        /// `image-pull: ErrImagePull`, cut to what a table holds.
        public var failure: String?
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

    /// The failed apps whose version would be tried again by the plan, with what they failed by.
    func quarantined(_ plan: Plan, descriptor: String) -> [App] {
        guard self.descriptor == descriptor, outcome == .failed || outcome == .rolledBack else { return [] }
        return apps.filter { app in
            app.outcome == .failed && app.failure != nil
                && plan.changed.contains { $0.app.name == app.app && $0.app.version.text == app.to }
        }
    }
}

extension Deployment.App {
    init(_ planned: PlannedApp, before: Deployment.Before) {
        self.init(
            app: planned.app.name, workload: planned.key.description, uid: planned.workload.uid,
            from: planned.previousVersion, to: planned.app.version.text, before: before)
    }
}

extension Deployment.Before {
    /// As observed before the patch.
    init(_ planned: PlannedApp) {
        let workload = planned.workload
        self.init(
            images: Dictionary(
                planned.images.map { ($0.container, $0.current.description) }, uniquingKeysWith: { first, _ in first }),
            initContainers: planned.images.filter(\.isInit).map(\.container),
            annotations: workload.annotations.filter { planned.annotations[$0.key] != nil },
            strategy: workload.strategy.type, partition: workload.strategy.partition)
    }
}

extension [Deployment.App] {
    /// What an earlier pass that was killed set out from, for those workloads that are still the same objects.
    func before(_ planned: PlannedApp) -> Deployment.Before? {
        first { $0.workload == planned.key.description && $0.uid == planned.workload.uid }?.before
    }
}
