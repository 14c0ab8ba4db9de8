import FoundationEssentials
import Git
import Kubernetes
import Logging
import Reconciling
import Reporting
import Sandbox
import TestServers
import Workloads

/// A cluster, a deployment repository and an environment, all in this process but git: passes run as `descry apply` runs
/// them, many scenes side by side.
package struct SandboxScene: Sendable {
    package static let registry = "registry.example.com/shop"
    /// What runs in the beginning.
    package static let first = Fate.runs.version("1.0.0")
    /// A version that is good, and newer.
    package static let second = Fate.runs.version("1.1.0")

    /// The scene's own first deployment failed.
    package struct NotReady: Error { package var report: SyncReport }

    /// What a deploying account may do.
    package static func rules(_ kind: WorkloadKind = .statefulSet) -> [AccessRule] {
        [
            .init(verbs: ["get", "list", "watch", "patch"], group: "apps", resources: [kind.resource]),
            .init(verbs: ["get", "list", "watch", "delete"], resources: ["pods"]),
            .init(verbs: ["get", "create", "patch"], resources: ["configmaps"]),
            .init(verbs: ["create"], resources: ["events"]),
        ]
    }

    package let sandbox: Sandbox
    package let deployer: Account
    package let repository: GitFixture
    package let folder: TemporaryFolder
    package private(set) var environment: Reconciling.Environment
    private let settings: String
    package let kind: WorkloadKind

    /// Sets the scene: workloads of which every pod runs the first version, put there by Descry itself.
    ///
    /// - Parameters:
    ///   - rollout: the environment's setting of that name, in YAML.
    ///   - settings: further settings of the environment.
    ///   - rules: further rights of the deploying account.
    ///   - prepare: what else there is in the cluster.
    package static func run(
        _ names: [String], kind: WorkloadKind = .statefulSet, replicas: Int = 1, parallel: Bool = false,
        rollout: String = "{timeout: 2m}", settings more: String = "", rules: [AccessRule] = [],
        delay: Duration = .milliseconds(20), prepare: (Sandbox) throws -> Void = { _ in },
        _ body: (SandboxScene) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: delay)) { sandbox in
            try sandbox.createNamespace("shop")
            for name in names { try sandbox.create(workload(kind, name, replicas, parallel), namespace: "shop") }
            try prepare(sandbox)
            let deployer = sandbox.account("deployer", namespace: "shop", rules: Self.rules(kind) + rules)
            let folder = try TemporaryFolder()
            let repository = try await GitFixture()
            let settings = """
                environment: DEV
                repository: "\(repository.path)"
                namespace: shop
                registry: \(registry)
                rollout: \(rollout)
                \(more)
                """
            let scene = SandboxScene(
                sandbox: sandbox, deployer: deployer, repository: repository, folder: folder,
                environment: try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV"),
                settings: settings, kind: kind)
            let outcome = try await scene.deploy(names.map { ($0, first) })
            guard outcome.status == .done else { throw NotReady(report: outcome.report) }
            try await body(scene)
        }
    }

    package static func workload(
        _ kind: WorkloadKind, _ name: String, _ replicas: Int, _ parallel: Bool
    ) -> JSONValue {
        var workload: JSONValue = [
            "apiVersion": "apps/v1", "kind": .string(kind.rawValue), "metadata": ["name": .string(name)],
            "spec": [
                "replicas": .integer(Int64(replicas)),
                "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": [
                        "terminationGracePeriodSeconds": 0,
                        "containers": [["name": .string(name), "image": .string("\(registry)/\(name):\(first)")]],
                    ],
                ],
            ],
        ]
        if kind == .statefulSet {
            workload["spec", "serviceName"] = .string(name)
            workload["spec", "podManagementPolicy"] = parallel ? "Parallel" : "OrderedReady"
        }
        return workload
    }

    /// The same scene, seen by an environment with these settings besides.
    package func with(_ more: String) throws -> SandboxScene {
        var scene = self
        let text = settings + "\n" + more
        scene.environment = try EnvironmentSettings.parse(Array(text.utf8), file: "DEV.yaml").resolve(name: "DEV")
        return scene
    }

    /// Commits a descriptor; what else an app has follows its version, in YAML's flow style.
    @discardableResult
    package func commit(
        _ apps: [(String, String)], beside files: [String: GitFixture.File] = [:]
    ) async throws -> String {
        let lines = apps.map { name, rest in "  - {name: \(name), kind: \(kind.rawValue), version: \(rest)}\n" }
        let descriptor = GitFixture.File.text("apps:\n" + lines.joined())
        return try await repository.commit(
            to: "DEV", files.merging(["deploy-descriptor.yaml": descriptor]) { mine, _ in mine })
    }

    /// One pass, with connections of its own.
    ///
    /// - Parameter account: whose token it has; the deployer's where nil.
    package func apply(
        as account: Account? = nil, extent: Sync.Extent = .prove, retries: Bool = false,
        requestTimeout: Duration = .seconds(30), follow: Duration? = nil,
        overriding: String? = nil, clock: any Clock<Duration> = ContinuousClock(),
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in },
        preempted: @escaping @Sendable (Sync.Outcome) -> Void = { _ in },
        now: @escaping @Sendable () -> Date = { Date() }
    ) async throws -> Sync.Outcome {
        let git = try GitRepository(
            remote: environment.repository,
            options: GitOptions(
                cacheDirectory: folder.path + "/cache",
                environment: ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin"]), logger: Self.silent)
        let result: Result<Sync.Outcome, any Error>
        do {
            result = .success(
                try await withCluster(account ?? deployer, requestTimeout) { cluster in
                    try await Sync(
                        environment: environment, repository: git, cluster: cluster, command: .apply, extent: extent,
                        retries: retries, tips: .asking(git, environment.branch, every: follow, clock: clock),
                        overriding: overriding, clock: clock, now: now, progress: progress
                    ).runToEnd(preempted: preempted)
                })
        } catch {
            result = .failure(error)
        }
        await git.close()
        return try result.get()
    }

    package func deploy(_ apps: [(String, String)]) async throws -> Sync.Outcome {
        try await commit(apps)
        return try await apply()
    }

    /// Each workload's image, less the registry: `backend:1.0.0-rc-…`.
    package func images() async throws -> Set<String> {
        try await withCluster(sandbox.administrator, .seconds(30)) { cluster in
            let all = try await cluster.list(kind, namespace: "shop").items
            return Set(
                all.flatMap(\.containers).map { String($0.image.description.dropFirst(Self.registry.count + 1)) })
        }
    }

    package func withCluster<Value: Sendable>(
        _ account: Account, _ requestTimeout: Duration, _ body: (KubernetesClient) async throws -> Value
    ) async throws -> Value {
        let path = try folder.write("kubeconfig-\(UInt64.random(in: .min ... .max))", sandbox.kubeconfig(for: account))
        var options = ClientOptions(version: "0.0.0-test")
        options.requestTimeout = requestTimeout
        options.retries.firstPause = .milliseconds(20)
        let client = KubernetesClient(
            configuration: try .kubeconfig(paths: [path]), options: options, logger: Self.silent)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.close()
        return try result.get()
    }

    /// The deployments in the environment's history, newest first.
    package func history() async throws -> [Deployment] {
        try await withCluster(sandbox.administrator, .seconds(30)) { cluster in
            try await HistoryStore(cluster: cluster, environment: environment).read()?.deployments ?? []
        }
    }

    package static var silent: Logger { TestOutput.logger }
}
