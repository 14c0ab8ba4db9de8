import Descriptors
import Documents
import FoundationEssentials
import Git
import Kubernetes
import Reporting

/// Takes the versions that are proven in one environment to another one: `descry promote`.
///
/// What the first environment runs is looked at once. What the second one is to run is looked at on each tip of its branch that the
/// change is tried on.
public struct Promotion: Sendable {
    /// What is asked for.
    public struct Request: Sendable {
        /// Nil for all that both environments have.
        public var apps: [String]?
        /// For how long a version must have been proven.
        public var soak: Duration?
        /// Also take versions that are older than what is there, or that may be.
        public var allowsDowngrade: Bool
        /// Also take versions that failed in the second environment before.
        public var retries: Bool

        public init(apps: [String]?, soak: Duration? = nil, allowsDowngrade: Bool = false, retries: Bool = false) {
            self.apps = apps
            self.soak = soak
            self.allowsDowngrade = allowsDowngrade
            self.retries = retries
        }
    }

    /// The environment that the versions come from, and the way to it.
    public struct Origin: Sendable {
        let environment: Environment
        let repository: GitRepository
        let cluster: KubernetesClient

        public init(environment: Environment, repository: GitRepository, cluster: KubernetesClient) {
            self.environment = environment
            self.repository = repository
            self.cluster = cluster
        }
    }

    private let request: Request
    private let origin: Origin
    private let history: HistoryStore?
    private let change: VersionChange
    private let lineage: SourceLineage?
    private let now: Date

    /// - Parameters:
    ///   - history: that of the environment which gets the versions; nil where it is not to be asked, which takes a request that
    ///     tries again what failed.
    ///   - change: in the environment that gets them.
    ///   - lineage: which of two versions with equal numbers is newer; nil where nobody knows.
    ///   - now: for how long a version has been proven.
    public init(
        _ request: Request, from origin: Origin, history: HistoryStore?, change: VersionChange,
        lineage: SourceLineage? = nil, now: Date = Date()
    ) {
        self.request = request
        self.origin = origin
        self.history = history
        self.change = change
        self.lineage = lineage
        self.now = now
    }

    /// Read before anybody's race with others begins, and only where a release has to be looked for.
    private func pastVersions(of candidates: [App]) async throws -> PastVersions {
        var past = PastVersions()
        let asked = candidates.filter { request.apps?.contains($0.name) ?? true }
        guard !asked.allSatisfy({ change.location.channels.contains($0.version.channel) }) else { return past }
        try await past.read(origin.environment.descriptorLocation, in: origin.repository)
        try await past.read(change.location, in: change.repository)
        return past
    }

    /// - Throws: `Refused` with everything that speaks against the promotion; `KubernetesError`, code `forbidden`, where a history
    ///   may not be read; and what reading and pushing throw.
    public func run() async throws -> ChangeReport {
        let source = origin.environment.descriptorLocation
        let target = change.location
        guard
            source.repository != target.repository || source.branch != target.branch || source.path != target.path
        else {
            throw Refused([
                Diagnostic(
                    code: "same-environment",
                    message: "\(source.environment) and \(target.environment) have the same descriptor",
                    file: target.file)
            ])
        }
        let observed = try await StatusReader(
            environment: origin.environment, repository: origin.repository, cluster: origin.cluster
        ).observe()
        guard let sourceHistory = observed.history else {
            throw HistoryStore.forbidden(origin.environment.name, origin.environment.namespace)
        }
        let targetHistory = try await history?.required()
        return try await change.run(
            PromotionChoice(
                request: request, source: observed, sourceHistory: sourceHistory,
                verifies: origin.environment.verify != nil,
                target: target,
                targetHistory: targetHistory, lineage: lineage,
                past: try await pastVersions(of: observed.descriptor.apps), now: now))
    }
}
