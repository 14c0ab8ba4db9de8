import FoundationEssentials
import TestServers

/// What a deploying user has: a namespace with workloads, a deployment repository with a branch per environment, an
/// account that may deploy there and nothing else, environment files, and `descry`.
struct DeploymentScene: Sendable {
    static let registry = "registry.example.com/shop"
    /// What runs in the beginning.
    static let first = Fate.runs.version("1.0.0")
    /// A version that is good, and newer.
    static let second = Fate.runs.version("1.1.0")

    let namespace: TestNamespace
    let account: TestAccount
    let token: String
    let tokenFile: String
    let repository: GitFixture
    let descry: DescryBinary
    /// Of the environment files.
    let folder: TemporaryFolder

    var plane: ControlPlane { namespace.controlPlane }

    /// Sets the scene, waits until every pod of it is ready, runs the body, and takes it down.
    ///
    /// - Parameters:
    ///   - workloads: manifests; see ``workload(_:kind:image:container:replicas:spec:)``.
    ///   - rules: what the account may do; what a Jenkins stage has at least where nil.
    ///   - isReady: false where a workload never gets ready.
    ///   - alone: see `ControlPlane.withNamespace`.
    static func run(
        _ workloads: [String], rules: [PolicyRule] = PolicyRule.deployer, isReady: Bool = true, alone: Bool = false,
        _ body: @Sendable (DeploymentScene) async throws -> Void
    ) async throws {
        try await ControlPlane.shared().withNamespace("scene", alone: alone) { namespace in
            async let created = namespace.kubectl(
                ["create", "--validate=false", "--filename=-"], input: workloads.joined(separator: "\n---\n"))
            let account = try await namespace.account("deployer", rules: rules)
            let token = try await account.token(expirationSeconds: 4 * 3600)
            let scene = DeploymentScene(
                namespace: namespace, account: account, token: token, tokenFile: try account.tokenFile(token),
                repository: try await GitFixture(), descry: try DescryBinary(secrets: [token]),
                folder: try TemporaryFolder())
            _ = try await created
            if isReady { try await namespace.allRolledOut() }
            try scene.environment("DEV")
            try await body(scene)
        }
    }

    /// A StatefulSet, or another workload, that runs the first version.
    static func workload(
        _ name: String, kind: String = "StatefulSet", image: String? = nil, container: String? = nil,
        replicas: Int = 1, spec: String = ""
    ) -> String {
        TestNamespace.manifest(
            kind: kind, name: name, image: image ?? "\(registry)/\(name):\(first)", container: container,
            replicas: replicas, spec: spec)
    }

    /// Writes an environment file.
    ///
    /// - Parameters:
    ///   - replacing: settings by their top-level key, in YAML; nil leaves one out.
    func environment(_ name: String, replacing: [String: String?] = [:]) throws {
        var settings: [String: String?] = [
            "environment": name, "repository": "\"\(repository.path)\"", "namespace": namespace.name,
            "registry": Self.registry, "rollout": "{timeout: 5m}",
            "cluster": "{server: \"\(plane.server)\", certificateAuthority: \"\(plane.certificateAuthority)\", "
                + "tokenFile: \"\(tokenFile)\"}",
        ]
        settings.merge(replacing) { _, mine in mine }
        let lines = settings.compactMap { key, value in value.map { "\(key): \($0)\n" } }.sorted()
        try folder.write("\(name).yaml", lines.joined())
    }

    /// Commits a descriptor of apps with their versions; what else an app has follows its version, in YAML's flow style.
    @discardableResult
    func commit(_ apps: (String, String)..., to branch: String = "DEV") async throws -> String {
        let lines = apps.map { name, rest in "  - {name: \(name), version: \(rest)}\n" }
        return try await commit("apps:\n" + lines.joined(), to: branch)
    }

    @discardableResult
    func commit(_ descriptor: String, to branch: String = "DEV") async throws -> String {
        try await repository.commit(to: branch, ["deploy-descriptor.yaml": .text(descriptor)])
    }

    /// Runs a command on an environment of this scene.
    func run(
        _ command: String, _ environment: String = "DEV", _ arguments: [String] = [],
        variables: [String: String] = [:]
    ) async throws -> DescryBinary.Run {
        try await descry.run(
            [command, environment, "--environments", folder.path] + arguments, variables: variables)
    }

    func apply(_ arguments: String...) async throws -> DescryBinary.Run {
        try await run("apply", "DEV", ["-o", "json"] + arguments)
    }

    /// Commits the apps and applies them.
    func deploy(_ apps: (String, String)..., arguments: [String] = []) async throws -> DescryBinary.Run {
        try await deploy(apps, arguments: arguments)
    }

    func deploy(_ apps: [(String, String)], arguments: [String] = []) async throws -> DescryBinary.Run {
        let lines = apps.map { name, rest in "  - {name: \(name), version: \(rest)}\n" }
        try await commit("apps:\n" + lines.joined())
        return try await run("apply", "DEV", ["-o", "json"] + arguments)
    }

    /// A field of an object, by kubectl's JSONPath without its braces.
    func field(_ object: String, _ path: String) async throws -> String {
        try await namespace.kubectl(["get", object, "--output=jsonpath={\(path)}"])
    }

    func image(_ object: String) async throws -> String {
        try await field(object, ".spec.template.spec.containers[0].image")
    }

    /// What the account tried to write here, dry runs left out: empty where the input was refused.
    func writes() async throws -> [AuditedRequest] { try await namespace.writes(by: account) }

    /// The workloads that it patched, in order. An attempt that met another field manager, whom it then took the field
    /// from, does not count.
    func patched() async throws -> [String?] {
        try await writes().filter {
            $0.verb == "patch" && $0.responseStatus?.code == 200 && $0.objectRef?.resource != "configmaps"
        }.map { $0.objectRef?.name }
    }
}

extension TestNamespace {
    /// Waits, by watching, until every workload is rolled out.
    func allRolledOut() async throws {
        let names = try await kubectl(["get", "statefulsets,deployments,daemonsets", "--output=name"])
        for name in names.split(separator: "\n") { try await rolledOut(String(name)) }
    }
}
