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
struct SandboxScene: Sendable {
    static let registry = "registry.example.com/shop"
    /// What runs in the beginning.
    static let first = Fate.runs.version("1.0.0")
    /// A version that is good, and newer.
    static let second = Fate.runs.version("1.1.0")

    /// The scene's own first deployment failed.
    struct NotReady: Error { var report: SyncReport }

    /// What a deploying account may do.
    static let rules: [AccessRule] = [
        .init(verbs: ["get", "list", "watch", "patch"], group: "apps", resources: ["statefulsets"]),
        .init(verbs: ["get", "list", "watch", "delete"], resources: ["pods"]),
        .init(verbs: ["get", "create", "patch"], resources: ["configmaps"]),
        .init(verbs: ["create"], resources: ["events"]),
    ]

    let sandbox: Sandbox
    let deployer: Account
    let repository: GitFixture
    let folder: TemporaryFolder
    let environment: Reconciling.Environment

    /// Sets the scene: StatefulSets of which every pod runs the first version, put there by Descry itself.
    ///
    /// - Parameter rollout: the environment's setting of that name, in YAML.
    static func run(
        _ names: [String], replicas: Int = 1, parallel: Bool = false, rollout: String = "{timeout: 2m}",
        delay: Duration = .milliseconds(20), _ body: (SandboxScene) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: delay)) { sandbox in
            try sandbox.createNamespace("shop")
            for name in names { try sandbox.create(statefulSet(name, replicas, parallel), namespace: "shop") }
            let deployer = sandbox.account("deployer", namespace: "shop", rules: rules)
            let folder = try TemporaryFolder()
            let repository = try await GitFixture()
            let settings = """
                environment: DEV
                repository: "\(repository.path)"
                namespace: shop
                registry: \(registry)
                rollout: \(rollout)
                """
            let scene = SandboxScene(
                sandbox: sandbox, deployer: deployer, repository: repository, folder: folder,
                environment: try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV"))
            let outcome = try await scene.deploy(names.map { ($0, first) })
            guard outcome.status == .done else { throw NotReady(report: outcome.report) }
            try await body(scene)
        }
    }

    static func statefulSet(_ name: String, _ replicas: Int, _ parallel: Bool) -> JSONValue {
        [
            "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": .string(name)],
            "spec": [
                "serviceName": .string(name), "replicas": .integer(Int64(replicas)),
                "podManagementPolicy": parallel ? "Parallel" : "OrderedReady",
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
    }

    /// Commits a descriptor; what else an app has follows its version, in YAML's flow style.
    @discardableResult
    func commit(_ apps: [(String, String)]) async throws -> String {
        let lines = apps.map { name, rest in "  - {name: \(name), version: \(rest)}\n" }
        return try await repository.commit(to: "DEV", ["deploy-descriptor.yaml": .text("apps:\n" + lines.joined())])
    }

    /// One pass, with connections of its own.
    ///
    /// - Parameter account: whose token it has; the deployer's where nil.
    func apply(
        as account: Account? = nil,
        retries: Bool = false, requestTimeout: Duration = .seconds(30),
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
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
                        environment: environment, repository: git, cluster: cluster, command: .apply, extent: .prove,
                        retries: retries, progress: progress
                    ).run()
                })
        } catch {
            result = .failure(error)
        }
        await git.close()
        return try result.get()
    }

    func deploy(_ apps: [(String, String)]) async throws -> Sync.Outcome {
        try await commit(apps)
        return try await apply()
    }

    /// Each workload's image, less the registry: `backend:1.0.0-rc-…`.
    func images() async throws -> Set<String> {
        try await withCluster(sandbox.administrator, .seconds(30)) { cluster in
            let all = try await cluster.list(.statefulSet, namespace: "shop").items
            return Set(
                all.flatMap(\.containers).map { String($0.image.description.dropFirst(Self.registry.count + 1)) })
        }
    }

    func withCluster<Value: Sendable>(
        _ account: Account, _ requestTimeout: Duration, _ body: (KubernetesClient) async throws -> Value
    ) async throws -> Value {
        let path = try folder.write("kubeconfig-\(UInt64.random(in: .min ... .max))", sandbox.kubeconfig(for: account))
        var options = ClientOptions(version: "0.0.0-test")
        options.requestTimeout = requestTimeout
        let client = KubernetesClient(
            configuration: try .kubeconfig(paths: [path]), options: options, logger: Self.silent)
        let result: Result<Value, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.close()
        return try result.get()
    }

    /// The deployments in the environment's history, newest first.
    func history() async throws -> [Deployment] {
        try await withCluster(sandbox.administrator, .seconds(30)) { cluster in
            try await HistoryStore(cluster: cluster, environment: environment).read()?.deployments ?? []
        }
    }

    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
