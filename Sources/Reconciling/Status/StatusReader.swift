import Descriptors
import FoundationEssentials
import Git
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Reads what an environment is to run and what runs there. Writes nothing.
public struct StatusReader: Sendable {
    private let environment: Environment
    private let repository: GitRepository
    private let cluster: KubernetesClient
    private let now: @Sendable () -> Date

    /// - Parameter now: the calendar's time, by which windows are open and approvals count.
    public init(
        environment: Environment, repository: GitRepository, cluster: KubernetesClient,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.now = now
        self.environment = environment
        self.repository = repository
        self.cluster = cluster
    }

    /// - Throws: `Refused`, `GitError`, `KubernetesError`: whatever keeps the environment from being read.
    public func read() async throws -> EnvironmentStatus { try await observe().status }

    /// What the status was made from, for who decides by it.
    struct Observed: Sendable {
        var status: EnvironmentStatus
        var commit: SyncReport.Commit
        var descriptor: Descriptor
        /// Nil where the token may not read it.
        var history: DeploymentHistory?
        /// The workloads', of those that are there.
        var uids: [WorkloadKey: String]
    }

    /// - Throws: as ``read()``.
    func observe() async throws -> Observed {
        var status = EnvironmentStatus(environment)
        let source = DescriptorSource(environment: environment, repository: repository)
        let version = try await source.read(try await repository.update(branch: environment.branch))
        let (commit, descriptor) = (version.commit, version.descriptor)
        status.commit = commit
        async let reading = HistoryStore(cluster: cluster, environment: environment).read()

        let reader = WorkloadReader(cluster: cluster, namespace: environment.namespace)
        let observed = try await reader.read(descriptor.apps.map(\.key))
        status.notes += observed.unlistable.sorted { $0.rawValue < $1.rawValue }.map {
            "the token may not list \($0.resource) in \(environment.namespace): each was read by name"
        }
        let plan = Plan(
            apps: descriptor.apps, commit: commit.id, rules: PlanningRules(environment), observed: observed.workloads)
        var index = PodIndex()
        index.track(plan.apps.map(\.workload))
        let hasPods = try await readPods(into: &index, &status)
        let planned = Dictionary(plan.apps.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let problems = Dictionary(plan.problems.map { ($0.app.key, $0) }, uniquingKeysWith: { first, _ in first })
        let history = try await reading
        if history == nil { status.notes.append(HistoryStore.unreadable(environment.name)) }
        let quarantined =
            history?.quarantined(
                plan, descriptor: version.digest, byVersion: environment.rollout.onFailure.reverts) ?? []
        status.apps = descriptor.apps.compactMap { app in
            let workload = observed.workloads[app.key]
            var status = problems[app.key].map { AppStatus($0, workload) }
            if let planned = planned[app.key], status == nil {
                status = self.status(of: planned, pods: hasPods ? index.pods(of: app.key) : nil)
            }
            if let history {
                status?.tell(history, of: app.key, workload, isQuarantined: quarantined.contains(app.key.description))
            }
            return status
        }
        try await wait(plan, version, &status)
        return Observed(
            status: status, commit: commit, descriptor: descriptor, history: history,
            uids: observed.workloads.mapValues(\.uid))
    }

    /// What is pending waits, where a guard does not let it through yet.
    private func wait(_ plan: Plan, _ version: DescriptorSource.Version, _ status: inout EnvironmentStatus) async throws
    {
        let changes = Set(plan.changed.filter { !$0.isRestoration }.map(\.app.name))
        guard !changes.isEmpty else { return }
        let holds = try await ChangeGuards(environment: environment, repository: repository, now: now).holds(version)
        guard !holds.isEmpty else { return }
        status.waitingFor = holds
        for index in status.apps.indices
        where status.apps[index].state == .pending && changes.contains(status.apps[index].app) {
            status.apps[index].state = .waiting
        }
    }

    /// - Returns: false where the token may not list pods: then the workloads' own status has to do.
    private func readPods(into index: inout PodIndex, _ status: inout EnvironmentStatus) async throws -> Bool {
        do {
            _ = index.replaceAll(with: try await cluster.pods(namespace: environment.namespace).items)
            return true
        } catch let error as KubernetesError where error.status == 403 {
            status.notes.append("the token may not list pods in \(environment.namespace): failing pods are not seen")
            return false
        }
    }

    private func status(of planned: PlannedApp, pods: [PodState]?) -> AppStatus {
        let workload = planned.workload
        let target = RolloutTarget(
            key: planned.key, namespace: environment.namespace, uid: workload.uid, generation: workload.generation,
            images: Dictionary(
                planned.images.map { ($0.container, $0.current) }, uniquingKeysWith: { first, _ in first }),
            initContainers: Set(planned.images.filter(\.isInit).map(\.container)), timeout: .zero)
        let verdict = RolloutSnapshot.judge(target, workload: workload, pods: pods)
        var status = AppStatus(
            app: planned.app.name, workload: planned.key.description, state: .ok, wanted: planned.app.version.text,
            running: planned.previousVersion, pods: AppReport.Pods(verdict.progress))
        switch verdict {
        case .failed(let failure):
            status.state = .failed
            status.failure = AppReport.Failure(failure, of: planned, environment: environment)
        case .progressing(let progress):
            status.state = .rolling
            status.waitingFor = progress.waitingFor
        case .proven:
            // Annotations alone make no other version run.
            if planned.changesSpec { status.state = planned.isOnlyDrift ? .drifted : .pending }
        }
        return status
    }
}

extension EnvironmentStatus {
    /// An environment of which nothing is known but its settings.
    public init(_ environment: Environment) {
        self.init(environment: environment.name)
        namespace = environment.namespace
        repository = environment.repository.description
        branch = environment.branch.description
        descriptor = environment.descriptor
    }
}

extension AppStatus {
    fileprivate mutating func tell(
        _ history: DeploymentHistory, of key: WorkloadKey, _ workload: Workload?, isQuarantined: Bool
    ) {
        if let running, let workload { since = history.since(of: key, uid: workload.uid, running: running) }
        lastFailure = history.lastFailure(of: key, isQuarantined: isQuarantined)
    }

    /// An app that cannot be deployed.
    fileprivate init(_ problem: PlanProblem, _ workload: Workload?) {
        let running = workload.flatMap { workload in
            (workload.containers.first { $0.name == problem.app.name } ?? workload.containers.first)?.image.tag
        }
        self.init(
            app: problem.app.name, workload: problem.app.key.description,
            state: problem.kind == .missing ? .missing : .refused, wanted: problem.app.version.text, running: running,
            failure: AppReport.Failure(problem))
    }
}
