import Git
import Kubernetes
import Logging
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Workloads

/// A sandbox, one deployment repository, and environments that each have a branch, a namespace and an account of their own; loops
/// over them in this process, as many replicas as a test wants.
struct LoopScene: Sendable {
    static let first = SandboxScene.first
    static let second = SandboxScene.second
    static let third = TestServers.Fate.runs.version("1.2.0")

    let sandbox: Sandbox
    let repository: GitFixture
    let folder: TemporaryFolder
    let apps: [String]
    private let environments: [String]
    private let accounts = Accounts()

    /// Those made so far, by replica and environment.
    private final class Accounts: Sendable {
        let known = Mutex<[String: Account]>([:])
    }

    /// What a replica may do in an environment's namespace.
    static let rules =
        SandboxScene.rules() + [
            .init(verbs: ["get", "create", "update", "patch"], group: "coordination.k8s.io", resources: ["leases"])
        ]

    /// Times that let a test see in no time what takes minutes in production. Nothing is awaited by them but events.
    static func settings() -> LoopSettings {
        var timing = LeaseTiming()
        timing.spread = .milliseconds(50)
        timing.look = .milliseconds(100)
        // A machine that has much else to do takes longer to end than an operator waits.
        timing.release = .seconds(60)
        return LoopSettings(
            pollInterval: .milliseconds(200), firstRetry: .milliseconds(100), longestRetry: .seconds(1),
            drain: .seconds(90), leaseTiming: timing)
    }

    /// - Parameter environments: by their names, which are those of their branches; the namespaces are the same in lower case.
    static func run(
        _ environments: [String] = ["DEV"], apps: [String] = ["backend"], replicas: Int = 1,
        _ body: (LoopScene) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: .milliseconds(20))) { sandbox in
            let folder = try TemporaryFolder()
            for name in environments {
                let namespace = name.lowercased()
                try sandbox.createNamespace(namespace)
                for app in apps {
                    try sandbox.create(
                        SandboxScene.workload(.statefulSet, app, replicas, false), namespace: namespace)
                }
            }
            let scene = LoopScene(
                sandbox: sandbox, repository: try await GitFixture(), folder: folder, apps: apps,
                environments: environments)
            for name in environments { try await scene.commit(first, to: name) }
            try await body(scene)
        }
    }

    /// What a replica does from now on counts no more: the API server answers 401, its leases are not given back.
    func kill(_ replica: String) {
        for name in environments { sandbox.revoke(account(replica, name)) }
    }

    /// Each replica has an account of its own in each environment's namespace.
    func account(_ replica: String, _ environment: String) -> Account {
        accounts.known.withLock { known in
            let name = "\(environment)-\(replica)"
            let account =
                known[name]
                ?? sandbox.account("descry-\(replica)", namespace: environment.lowercased(), rules: Self.rules)
            known[name] = account
            return account
        }
    }

    /// - Parameters:
    ///   - repository: another address than the fixture's own path.
    ///   - settings: further ones, in YAML.
    func environment(
        _ name: String, repository address: String? = nil, _ settings: String = ""
    ) throws -> Reconciling.Environment {
        let text = """
            environment: \(name)
            repository: "\(address ?? repository.path)"
            namespace: \(name.lowercased())
            registry: \(SandboxScene.registry)
            cluster: {kubeconfig: \(folder.path)/kubeconfig-\(name)}
            \(settings)
            """
        return try EnvironmentSettings.parse(Array(text.utf8), file: "\(name).yaml").resolve(name: name)
    }

    /// Commits a descriptor that asks for this version of every app, or for what is given app by app.
    @discardableResult
    func commit(
        _ version: String = first, to branch: String = "DEV", _ other: [String: String] = [:]
    ) async throws -> String {
        try await commit(text: descriptor(version, other), to: branch)
    }

    func descriptor(_ version: String, _ other: [String: String] = [:]) -> String {
        "apps:\n" + apps.map { "  - {name: \($0), version: \(other[$0] ?? version)}\n" }.joined()
    }

    @discardableResult
    func commit(text: String, to branch: String = "DEV") async throws -> String {
        try await repository.commit(to: branch, ["deploy-descriptor.yaml": .text(text)])
    }

    /// - Parameter replica: each has a cache of its own, as each pod has.
    func loop(
        _ replica: String = "one", settings: LoopSettings = settings(), time: LoopTime = .system,
        deadlines: GitDeadlines = GitDeadlines(), tell: @escaping @Sendable (LoopEvent) -> Void = { _ in }
    ) -> Loop {
        Loop(
            settings: settings, holder: LeaseHolder(identity: replica), sources: sources(replica, deadlines),
            logger: SandboxScene.silent, time: time, tell: tell)
    }

    func sources(_ replica: String, _ deadlines: GitDeadlines) -> LoopSources {
        LoopSources(
            repository: { environment in
                try GitRepository(
                    remote: environment.repository,
                    options: GitOptions(
                        cacheDirectory: folder.path + "/cache-" + replica, deadlines: deadlines,
                        environment: ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin"]),
                    logger: SandboxScene.silent)
            },
            cluster: { environment in
                let path = try folder.write(
                    "\(environment.name)-\(replica)", sandbox.kubeconfig(for: account(replica, environment.name)))
                return KubernetesClient(
                    configuration: try .kubeconfig(paths: [path]),
                    options: ClientOptions(version: "0.0.0-test"), logger: SandboxScene.silent)
            })
    }

    /// `descry apply` on another machine, which takes the lease.
    func apply(_ environment: Reconciling.Environment, acceptsRewrite: Bool = false) async throws -> Sync.Outcome {
        let sources = sources("jenkins", GitDeadlines())
        let (repository, cluster) = (try sources.repository(environment), try sources.cluster(environment))
        var timing = LeaseTiming.command
        timing.look = .milliseconds(50)
        let lease = EnvironmentLease(
            cluster: cluster, environment: environment, holder: LeaseHolder(identity: "jenkins"), timing: timing,
            logger: SandboxScene.silent)
        let result: Result<Sync.Outcome, any Error>
        do {
            result = .success(
                try await lease.whileHeld(patience: .seconds(60)) { held in
                    try await Sync(
                        environment: environment, repository: repository, cluster: held.guarding(cluster),
                        command: .apply, extent: .prove, acceptsRewrite: acceptsRewrite
                    ).run()
                })
        } catch {
            result = .failure(error)
        }
        await repository.close()
        try await cluster.close()
        return try result.get()
    }

    /// Runs a loop over these environments while the body runs, and drains it.
    func running(
        _ environments: [Reconciling.Environment], _ loop: Loop, _ body: (inout LoopReader) async throws -> Void
    ) async throws {
        var reader = LoopReader(loop)
        await loop.apply(environments)
        let result: Result<Void, any Error>
        do { result = .success(try await body(&reader)) } catch { result = .failure(error) }
        await loop.drain()
        try result.get()
    }

    func withCluster<Value: Sendable>(
        _ body: (KubernetesClient) async throws -> Value
    ) async throws -> Value {
        let path = try folder.write("administrator", sandbox.kubeconfig(for: sandbox.administrator))
        let client = KubernetesClient(
            configuration: try .kubeconfig(paths: [path]), options: ClientOptions(version: "0.0.0-test"),
            logger: SandboxScene.silent)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.close()
        return try result.get()
    }

    /// The tags that run in an environment's namespace.
    func tags(_ environment: String = "DEV") async throws -> Set<String> {
        try await withCluster { cluster in
            Set(
                try await cluster.list(.statefulSet, namespace: environment.lowercased()).items.flatMap(\.containers)
                    .map { $0.image.tag ?? "" })
        }
    }

    /// The deployments in the environment's history, newest first.
    func history(_ environment: String = "DEV") async throws -> [Deployment] {
        let environment = try self.environment(environment)
        return try await withCluster { cluster in
            try await HistoryStore(cluster: cluster, environment: environment).read()?.deployments ?? []
        }
    }
}

/// Reads what a loop tells, in order: what was passed over is gone.
struct LoopReader {
    struct Ended: Error {}

    private var events: AsyncStream<LoopEvent>.AsyncIterator
    private(set) var passes: [LoopPass] = []

    init(_ loop: Loop) { events = loop.events().makeAsyncIterator() }

    /// Waits for the first event that matches.
    mutating func next<Value>(_ match: (LoopEvent) -> Value?) async throws -> Value {
        while let event = await events.next() {
            if case .passEnded(_, let pass) = event { passes.append(pass) }
            if let value = match(event) { return value }
        }
        throw Ended()
    }

    /// Waits until a pass of the environment has ended for this commit.
    @discardableResult
    mutating func pass(_ environment: String = "DEV", for commit: String) async throws -> LoopPass {
        try await next { event in
            guard case .passEnded(let ended, let pass) = event, ended.name == environment,
                pass.start.commit.description == commit
            else { return nil }
            return pass
        }
    }
}
