import FoundationEssentials

/// A namespace that belongs to one test.
public struct TestNamespace: Sendable {
    public let controlPlane: ControlPlane
    public let name: String

    /// One that exists already.
    public init(controlPlane: ControlPlane, name: String) {
        self.controlPlane = controlPlane
        self.name = name
    }

    /// `kubectl` as the administrator, in this namespace.
    @discardableResult
    public func kubectl(_ arguments: [String], input: String = "") async throws -> String {
        try await controlPlane.kubectl(["--namespace=\(name)"] + arguments, input: input)
    }

    /// Creates or updates what the manifests say: YAML or JSON, one or many documents.
    public func apply(_ manifests: String) async throws {
        // Not validated against the schema here: fetching it takes kubectl longer than everything else.
        try await kubectl(["apply", "--validate=false", "--filename=-"], input: manifests)
    }

    /// A workload of one container with the least that the API demands, as YAML.
    ///
    /// - Parameters:
    ///   - kind: `StatefulSet`, `Deployment` or `DaemonSet`.
    ///   - container: the workload's name where nil.
    ///   - replicas: left out for a DaemonSet.
    ///   - spec: further lines of `spec`, already indented by two.
    public static func manifest(
        kind: String = "StatefulSet", name: String, image: String, container: String? = nil, replicas: Int = 1,
        spec: String = ""
    ) -> String {
        """
        apiVersion: apps/v1
        kind: \(kind)
        metadata:
          name: \(name)
        spec:
        \(kind == "StatefulSet" ? "  serviceName: \(name)\n" : "")\(kind == "DaemonSet" ? "" : "  replicas: \(replicas)\n")\
          selector: {matchLabels: {app: \(name)}}
          template:
            metadata: {labels: {app: \(name)}}
            spec:
              terminationGracePeriodSeconds: 0
              containers: [{name: \(container ?? name), image: "\(image)"}]
        \(spec)
        ---

        """
    }

    /// Waits, by watching, until every pod of these workloads is ready: `statefulset/backend`. Throws after the timeout.
    public func rolledOut(_ workloads: String..., timeoutSeconds: Int = 110) async throws {
        for workload in workloads {
            try await kubectl(["rollout", "status", workload, "--timeout=\(timeoutSeconds)s"])
        }
    }

    /// Creates a ServiceAccount that may do in this namespace what the rules say, and nothing elsewhere.
    public func account(_ account: String = "descry", rules: [PolicyRule]) async throws -> TestAccount {
        try await apply(
            """
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: \(account)}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: \(account)}
            rules:
            \(rules.map { "- \($0.yaml)" }.joined(separator: "\n"))
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: \(account)}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: \(account)}
            subjects: [{kind: ServiceAccount, name: \(account), namespace: \(name)}]
            """)
        return TestAccount(namespace: self, name: account)
    }
}

/// One rule of a Role.
public struct PolicyRule: Sendable {
    public var apiGroups: [String]
    public var resources: [String]
    public var verbs: [String]
    public var resourceNames: [String]

    public init(_ verbs: [String], apiGroup: String = "apps", _ resources: [String], names: [String] = []) {
        apiGroups = [apiGroup]
        self.resources = resources
        self.verbs = verbs
        resourceNames = names
    }

    /// The least that a deploying Jenkins stage needs: the workloads, and reading pods.
    public static let smallest = [
        PolicyRule(["get", "list", "watch", "patch"], ["statefulsets"]),
        PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
    ]

    /// What `descry rbac` gives: the same, to replace stuck pods, to keep the history, and to post events.
    public static let deployer = [
        PolicyRule(["get", "list", "watch", "patch"], ["statefulsets"]),
        PolicyRule(["get", "list", "watch", "delete"], apiGroup: "", ["pods"]),
        PolicyRule(
            ["get", "patch"], apiGroup: "", ["configmaps"], names: ["descry-dev", "descry-live", "descry-stage"]),
        PolicyRule(["create"], apiGroup: "", ["events"]),
        PolicyRule(
            ["get", "patch"], apiGroup: "coordination.k8s.io", ["leases"],
            names: ["descry-dev", "descry-live", "descry-stage"]),
        PolicyRule(["create"], apiGroup: "coordination.k8s.io", ["leases"]),
        // Where the ConfigMap that `descry rbac` prints was not applied.
        PolicyRule(["create"], apiGroup: "", ["configmaps"]),
    ]

    /// In YAML's flow style; no name in a rule needs more escaping than quotes.
    var yaml: String {
        let lists = [
            ("apiGroups", apiGroups), ("resources", resources), ("verbs", verbs), ("resourceNames", resourceNames),
        ]
        let fields = lists.filter { $0.0 != "resourceNames" || !$0.1.isEmpty }.map { key, values in
            "\(key): [\(values.map { "\"\($0)\"" }.joined(separator: ", "))]"
        }
        return "{\(fields.joined(separator: ", "))}"
    }
}
