import Descriptors
import FoundationEssentials
import Git
import Reconciling
import Sandbox

/// Sets the scene of the demo: namespaces and StatefulSets in the sandbox, the deployment repository with its three
/// branches, and an environment file with a scoped token for each.
struct DemoScene: Sendable {
    let sandbox: Sandbox
    let folder: DemoFolder
    let runner: CommandRunner

    /// - Throws: whatever keeps it from being set; nothing of this is expected.
    func set() async throws {
        try folder.write("environments/ca.crt", sandbox.certificateAuthority)
        try folder.write("kubeconfig", sandbox.kubeconfig(for: sandbox.administrator))
        for example in ExampleFiles.all { try createEnvironment(example) }
        try await createRepository()
        // From the start Descry has deployed what the branches say, over what was there before; this also waits for the pods.
        try await withThrowingDiscardingTaskGroup { group in
            for example in ExampleFiles.all {
                group.addTask { try await runner.quietly("descry", "apply", example.name) }
            }
        }
    }

    private func createEnvironment(_ example: ExampleFiles.Example) throws {
        let settings = try EnvironmentSettings.parse(Array(example.environment.utf8), file: example.name)
        let environment = try settings.resolve(name: example.name)
        let descriptor = try Descriptor.parse(Array(example.descriptor.utf8), file: example.name)
        try sandbox.createNamespace(environment.namespace)
        for app in descriptor.apps {
            _ = try sandbox.create(statefulSet(app, environment), namespace: environment.namespace)
        }
        let name = "descry-\(example.name.lowercased())"
        // What `descry rbac` prints: the history's ConfigMap, the account and its rules.
        try sandbox.create(
            ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]],
            namespace: environment.namespace)
        let account = sandbox.account(
            name, namespace: environment.namespace,
            rules: [
                AccessRule(verbs: ["get", "list", "watch", "patch"], group: "apps", resources: ["statefulsets"]),
                AccessRule(verbs: ["get", "list", "watch", "delete"], group: "", resources: ["pods"]),
                AccessRule(verbs: ["get", "patch"], group: "", resources: ["configmaps"], names: [name]),
                AccessRule(verbs: ["create"], group: "", resources: ["events"]),
                AccessRule(
                    verbs: ["get", "patch"], group: "coordination.k8s.io", resources: ["leases"], names: [name]),
                AccessRule(verbs: ["create"], group: "coordination.k8s.io", resources: ["leases"]),
            ])
        try folder.write("environments/\(example.name).token", account.token)
        let repository = environment.repository.description
        try folder.write(
            "environments/\(example.name).yaml",
            example.environment.replacing(repository, with: "\(folder.path)/deployments.git") + """
                cluster:
                  server: \(sandbox.server)
                  certificateAuthority: ca.crt
                  tokenFile: \(example.name).token

                """)
    }

    /// What ran before Descry came.
    private static let firstVersion = "1.0.0-release-0f3c1d0"

    private func statefulSet(_ app: App, _ environment: Reconciling.Environment) -> JSONValue {
        let labels: JSONValue = ["app": .string(app.name)]
        let image = app.repository(registry: environment.registry) + ":" + Self.firstVersion
        return [
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": ["name": .string(app.name), "namespace": .string(environment.namespace), "labels": labels],
            "spec": [
                "replicas": 2, "serviceName": .string(app.name), "selector": ["matchLabels": labels],
                "template": [
                    "metadata": ["labels": labels],
                    "spec": [
                        "containers": [["name": .string(app.name), "image": .string(image)]],
                        "terminationGracePeriodSeconds": 1,
                    ],
                ],
            ],
        ]
    }

    /// A bare repository as a server would have it, and a clone in which the commands work, with DEV checked out.
    private func createRepository() async throws {
        try await runner.quietly("git", "init", "--quiet", "--bare", "--initial-branch=DEV", "deployments.git")
        try await runner.quietly("git", "clone", "--quiet", "deployments.git", "deployments")
        // The user's own settings must not decide how the demo goes: a signature asks for a passphrase, a hook may refuse.
        for (key, value) in [
            ("user.name", "Ann Example"), ("user.email", "ann@example.com"), ("commit.gpgSign", "false"),
            ("core.hooksPath", "/dev/null"), ("core.autocrlf", "false"),
        ] {
            try await runner.quietly("git", "-C", "deployments", "config", key, value)
        }
        for example in ExampleFiles.all.reversed() {
            try await runner.quietly("git", "-C", "deployments", "checkout", "--quiet", "--orphan", example.name)
            try folder.write("deployments/deploy-descriptor.yaml", example.descriptor)
            try await runner.quietly("git", "-C", "deployments", "add", "deploy-descriptor.yaml")
            try await runner.quietly(
                "git", "-C", "deployments", "commit", "--quiet", "--message=What \(example.name) runs")
            try await runner.quietly("git", "-C", "deployments", "push", "--quiet", "origin", example.name)
        }
    }
}
