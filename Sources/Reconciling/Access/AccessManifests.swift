import Descriptors
import Rollouts
import Workloads

/// The Kubernetes objects that give Descry what it needs in one namespace, and nothing else: what `descry rbac` prints.
///
/// RBAC's `resourceNames` cannot restrict `list`, `watch` and `create` (Kubernetes documentation, "Using RBAC
/// Authorization", "Referring to resources"), so named access splits the rule in two, or leaves `list` and `watch` out.
public struct AccessManifests: Sendable {
    /// How narrowly the workloads are named.
    public enum Scope: Sendable, Equatable {
        /// Every workload of the kinds in the namespace.
        case kinds(Set<WorkloadKind>)
        /// Only these may be read by name and patched; all of their kinds can still be listed.
        case workloads([WorkloadKey])
        /// Only these, and nothing can be listed: Descry polls.
        case workloadsByNameOnly([WorkloadKey])
    }

    /// Which Deployments the token may create and delete, to run canaries in. A StatefulSet's canary needs none.
    public enum Canaries: Sendable, Equatable {
        case none
        /// Any: their names are not known.
        case any
        /// Those of these apps; RBAC can restrict the deleting to them, and not the creating.
        case of([WorkloadKey])

        /// Those that the apps ask for.
        public init(_ apps: [App]) {
            let keys = apps.compactMap(\.canaryKey)
            self = keys.isEmpty ? .none : .of(keys)
        }
    }

    /// A ServiceAccount that is there already, in whatever namespace: that of `descry run`.
    public struct Account: Sendable, Hashable {
        public var namespace: String
        public var name: String

        public init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
        }
    }

    public let environment: String
    public let namespace: String
    public let scope: Scope
    public let canaries: Canaries
    /// Allow to delete pods: `rollout.replaceStuckPods` is not `never`.
    public let replacesStuckPods: Bool
    /// The CronJob or Job that a check is made after: `verify.job`.
    public let verifyJob: String?
    /// Workloads (canaries too) and the reading of pods alone, beside what `verify.job` needs: no lock, no history, no events, and
    /// no pod is deleted.
    public let isMinimal: Bool
    /// Allow to ask pods for their health through the API server: an app of the descriptor has `health`.
    public let asksHealth: Bool
    /// Who gets the rights; a ServiceAccount of the environment's own, printed with them, where nil.
    public let account: Account?
    /// Also print a Secret that holds a token without expiry, for a Jenkins credential.
    public let includesTokenSecret: Bool

    public init(
        environment: Environment, scope: Scope, canaries: Canaries = .none, isMinimal: Bool = false,
        asksHealth: Bool = false, account: Account? = nil, includesTokenSecret: Bool
    ) {
        self.account = account
        self.environment = environment.name
        self.namespace = environment.namespace
        self.scope = scope
        self.canaries = canaries
        self.isMinimal = isMinimal
        replacesStuckPods = !isMinimal && environment.rollout.replaceStuckPods != .never
        self.asksHealth = asksHealth
        if case .job(let name) = environment.verify?.check { verifyJob = name } else { verifyJob = nil }
        self.includesTokenSecret = includesTokenSecret
    }

    /// The name that all the objects bear: `descry-live` for LIVE.
    public var name: String { "descry-" + environment.lowercased() }

    public var objects: [Manifest] {
        var objects = (account == nil ? [serviceAccount] : []) + [role, roleBinding]
        if !isMinimal { objects.append(history) }
        if includesTokenSecret { objects.append(tokenSecret) }
        return objects
    }

    /// The objects as one `v1 List`, which `kubectl apply -f -` takes.
    public var list: Manifest {
        .map([.init("apiVersion", .string("v1")), .init("kind", .string("List")), .init("items", .list(objects))])
    }

    /// The objects as YAML documents, with comments that say how to get a token.
    public func yaml() -> String {
        let flag = kindFlags + (account.map { " --service-account \($0.namespace)/\($0.name)" } ?? "")
        let head = """
            # What Descry needs to deploy \(environment) into the namespace \(namespace), and nothing else.
            # Apply it with: descry rbac \(environment)\(flag) | kubectl apply -f -

            """
        return head + objects.map { $0.yaml() }.joined(separator: "---\n") + tokenHint
    }

    /// None for what `descry rbac` gives by default.
    private var kindFlags: String {
        guard case .kinds(let kinds) = scope, kinds != [.statefulSet] else { return "" }
        return kinds.map { " --kind \($0.rawValue)" }.sorted().joined()
    }

    private var tokenHint: String {
        guard account == nil else { return "" }
        if includesTokenSecret {
            return """
                # Read the token into a file that only the deploy job may read:
                #   kubectl -n \(namespace) get secret \(name)-token -o jsonpath='{.data.token}' | base64 -d

                """
        }
        return """
            # A token (Kubernetes 1.24 and later; the API server may cap its life; before 1.24 use --token-secret):
            #   kubectl -n \(namespace) create token \(name) --duration 24h
            # In the cluster, run the pod with serviceAccountName: \(name) instead; its token rotates by itself.

            """
    }

    private func metadata(_ name: String, _ more: [Manifest.Field] = []) -> Manifest.Field {
        .init("metadata", .map([.init("name", .string(name)), .init("namespace", .string(namespace))] + more))
    }

    private func object(_ apiVersion: String, _ kind: String, _ fields: [Manifest.Field]) -> Manifest {
        .map([.init("apiVersion", .string(apiVersion)), .init("kind", .string(kind))] + fields)
    }

    private var serviceAccount: Manifest { object("v1", "ServiceAccount", [metadata(name)]) }

    private var role: Manifest {
        object(
            "rbac.authorization.k8s.io/v1", "Role",
            [
                metadata(name),
                .init(
                    "rules",
                    .list(
                        workloadRules + canaryRules + [podRule] + (asksHealth ? [healthRule] : [])
                            + (isMinimal ? [] : [historyRule, eventRule] + leaseRules) + verifyRules)),
            ])
    }

    private var roleBinding: Manifest {
        object(
            "rbac.authorization.k8s.io/v1", "RoleBinding",
            [
                metadata(name),
                .init(
                    "roleRef",
                    .map([
                        .init("apiGroup", .string("rbac.authorization.k8s.io")), .init("kind", .string("Role")),
                        .init("name", .string(name)),
                    ])),
                .init(
                    "subjects",
                    .list([
                        .map([
                            .init("kind", .string("ServiceAccount")),
                            .init("name", .string(account?.name ?? name)),
                            .init("namespace", .string(account?.namespace ?? namespace)),
                        ])
                    ])),
            ])
    }

    /// Empty, so that the token need not be able to create any: RBAC cannot say which one.
    private var history: Manifest { object("v1", "ConfigMap", [metadata(name)]) }

    private var historyRule: Manifest { rule("", ["configmaps"], names: [name], ["get", "patch"]) }

    /// No name can restrict `create`.
    private var eventRule: Manifest { rule("", ["events"], ["create"]) }

    /// The lock. No name can restrict `create`, without which it would stay away for good where somebody deletes it.
    private var leaseRules: [Manifest] {
        let group = "coordination.k8s.io"
        return [rule(group, ["leases"], names: [name], ["get", "patch"]), rule(group, ["leases"], ["create"])]
    }

    private var tokenSecret: Manifest {
        object(
            "v1", "Secret",
            [
                metadata(
                    name + "-token",
                    [.init("annotations", .map([.init("kubernetes.io/service-account.name", .string(name))]))]),
                .init("type", .string("kubernetes.io/service-account-token")),
            ])
    }

    private func rule(_ group: String, _ resources: [String], names: [String] = [], _ verbs: [String]) -> Manifest {
        var fields: [Manifest.Field] = [
            .init("apiGroups", .list([.string(group)])), .init("resources", .list(resources.map(Manifest.string))),
        ]
        if !names.isEmpty { fields.append(.init("resourceNames", .list(names.map(Manifest.string)))) }
        return .map(fields + [.init("verbs", .list(verbs.map(Manifest.string)))])
    }

    private var workloadRules: [Manifest] {
        switch scope {
        case .kinds(let kinds):
            return [rule("apps", kinds.map(\.resource).sorted(), ["get", "list", "watch", "patch"])]
        case .workloads(let keys):
            return [rule("apps", Set(keys.map(\.kind.resource)).sorted(), ["list", "watch"])] + namedRules(keys)
        case .workloadsByNameOnly(let keys):
            return namedRules(keys)
        }
    }

    private var canaryRules: [Manifest] {
        let resource = WorkloadKind.deployment.resource
        switch canaries {
        case .none: return []
        case .any: return [rule("apps", [resource], ["create", "delete"])]
        case .of(let keys):
            return [
                rule("apps", [resource], ["create"]),
                rule("apps", [resource], names: keys.map(\.name).sorted(), ["get", "delete"]),
            ]
        }
    }

    private func namedRules(_ keys: [WorkloadKey]) -> [Manifest] {
        Dictionary(grouping: keys, by: \.kind).sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, keys in
            rule("apps", [kind.resource], names: keys.map(\.name).sorted(), ["get", "patch"])
        }
    }

    /// The Job's name is made for each check, so these cannot be restricted by name; that of the template can.
    private var verifyRules: [Manifest] {
        guard let verifyJob else { return [] }
        return [
            rule("batch", ["cronjobs"], names: [verifyJob], ["get"]),
            rule("batch", ["jobs"], ["get", "create", "delete"]), rule("", ["pods/log"], ["get"]),
        ]
    }

    /// Pods cannot be named: their names are not known beforehand. Reading them tells why a rollout does not get on.
    private var podRule: Manifest {
        rule("", ["pods"], ["get", "list", "watch"] + (replacesStuckPods ? ["delete"] : []))
    }

    /// Any GET to any port of any pod: RBAC knows neither ports nor paths.
    private var healthRule: Manifest { rule("", ["pods/proxy"], ["get"]) }
}
