import Descriptors
import Reconciling
import Reporting
import Rollouts
import Testing
import Workloads

/// What `descry rbac` prints, to the letter: operators review it and keep it in their own repositories.
@Suite struct AccessManifestTests {
    private static func manifests(
        _ scope: AccessManifests.Scope, environment: String = "LIVE", replacing: StuckPodPolicy = .never,
        canaries: AccessManifests.Canaries = .none, verify: String = "", isMinimal: Bool = false,
        asksHealth: Bool = false,
        includesTokenSecret: Bool = false
    ) throws -> AccessManifests {
        let text = """
            environment: \(environment)
            repository: https://git.example.com/deployments.git
            namespace: shop-live
            registry: registry.example.com/shop
            rollout: {replaceStuckPods: \(replacing.rawValue)}
            \(verify)
            """
        let settings = try EnvironmentSettings.parse(Array(text.utf8), file: "\(environment).yaml")
        return AccessManifests(
            environment: try settings.resolve(name: environment), scope: scope, canaries: canaries,
            isMinimal: isMinimal, asksHealth: asksHealth, includesTokenSecret: includesTokenSecret)
    }

    /// Deleting a pod is a right of its own, so it is only asked for where the settings use it.
    @Test(arguments: StuckPodPolicy.allCases)
    func `pods may be deleted only where stuck ones are replaced`(_ policy: StuckPodPolicy) throws {
        let yaml = try Self.manifests(.kinds([.statefulSet]), replacing: policy).yaml()
        #expect(yaml.contains("resources: [pods]\n  verbs: [get, list, watch, delete]") == (policy != .never))
    }

    /// It is a wide right, GET to any port of any pod, so it is printed only where somebody asks for it.
    @Test(arguments: [false, true], [false, true])
    func `pods may be asked for their health only where that is used`(isUsed: Bool, isMinimal: Bool) throws {
        let yaml = try Self.manifests(.kinds([.statefulSet]), isMinimal: isMinimal, asksHealth: isUsed).yaml()
        #expect(yaml.contains("- apiGroups: [\"\"]\n  resources: [pods/proxy]\n  verbs: [get]\n") == isUsed)
        #expect(yaml.contains("proxy") == isUsed)
    }

    /// What a check needs: to read the one template, to make, look at and delete Jobs, and to read logs. Also in the least,
    /// since without it every pass would fail.
    @Test(arguments: [true, false])
    func `a check by a Job has its rights`(_ isMinimal: Bool) throws {
        let rules = """
            - apiGroups: [batch]
              resources: [cronjobs]
              resourceNames: [smoke]
              verbs: [get]
            - apiGroups: [batch]
              resources: [jobs]
              verbs: [get, create, delete]
            - apiGroups: [""]
              resources: [pods/log]
              verbs: [get]
            ---

            """
        let scope = AccessManifests.Scope.kinds([.statefulSet])
        #expect(try Self.manifests(scope, verify: "verify: {job: smoke}", isMinimal: isMinimal).yaml().contains(rules))
        for verify in ["", "verify: {http: \"https://shop.example.com\"}"] {
            #expect(try !Self.manifests(scope, verify: verify, isMinimal: isMinimal).yaml().contains("batch"))
        }
    }

    @Test func `the whole of it as YAML`() throws {
        #expect(
            try Self.manifests(.kinds([.statefulSet])).yaml() == """
                # What Descry needs to deploy LIVE into the namespace shop-live, and nothing else.
                # Apply it with: descry rbac LIVE | kubectl apply -f -
                apiVersion: v1
                kind: ServiceAccount
                metadata:
                  name: descry-live
                  namespace: shop-live
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata:
                  name: descry-live
                  namespace: shop-live
                rules:
                - apiGroups: [apps]
                  resources: [statefulsets]
                  verbs: [get, list, watch, patch]
                - apiGroups: [""]
                  resources: [pods]
                  verbs: [get, list, watch]
                - apiGroups: [""]
                  resources: [configmaps]
                  resourceNames: [descry-live]
                  verbs: [get, patch]
                - apiGroups: [""]
                  resources: [events]
                  verbs: [create]
                - apiGroups: [coordination.k8s.io]
                  resources: [leases]
                  resourceNames: [descry-live]
                  verbs: [get, patch]
                - apiGroups: [coordination.k8s.io]
                  resources: [leases]
                  verbs: [create]
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata:
                  name: descry-live
                  namespace: shop-live
                roleRef:
                  apiGroup: rbac.authorization.k8s.io
                  kind: Role
                  name: descry-live
                subjects:
                - kind: ServiceAccount
                  name: descry-live
                  namespace: shop-live
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata:
                  name: descry-live
                  namespace: shop-live
                # A token (Kubernetes 1.24 and later; the API server may cap its life; before 1.24 use --token-secret):
                #   kubectl -n shop-live create token descry-live --duration 24h
                # In the cluster, run the pod with serviceAccountName: descry-live instead; its token rotates by itself.

                """)
    }

    private static let keys = [
        WorkloadKey(kind: .statefulSet, name: "frontend"), WorkloadKey(kind: .deployment, name: "1e5"),
        WorkloadKey(kind: .statefulSet, name: "backend"),
    ]

    /// Each scope's rules, as they stand in the Role. RBAC cannot restrict list and watch by name. A name that YAML would
    /// read as a number is quoted.
    @Test(arguments: [
        (
            AccessManifests.Scope.kinds([.statefulSet, .deployment, .daemonSet]),
            """
            - apiGroups: [apps]
              resources: [daemonsets, deployments, statefulsets]
              verbs: [get, list, watch, patch]

            """
        ),
        (
            .workloads(keys),
            """
            - apiGroups: [apps]
              resources: [deployments, statefulsets]
              verbs: [list, watch]
            - apiGroups: [apps]
              resources: [deployments]
              resourceNames: ["1e5"]
              verbs: [get, patch]
            - apiGroups: [apps]
              resources: [statefulsets]
              resourceNames: [backend, frontend]
              verbs: [get, patch]

            """
        ),
        (
            .workloadsByNameOnly(keys),
            """
            - apiGroups: [apps]
              resources: [deployments]
              resourceNames: ["1e5"]
              verbs: [get, patch]
            - apiGroups: [apps]
              resources: [statefulsets]
              resourceNames: [backend, frontend]
              verbs: [get, patch]

            """
        ),
    ])
    func `each scope has its rules`(_ scope: AccessManifests.Scope, rules: String) throws {
        let pods = "- apiGroups: [\"\"]\n  resources: [pods]\n  verbs: [get, list, watch]\n---\n"
        #expect(try Self.manifests(scope, isMinimal: true).yaml().contains("rules:\n" + rules + pods))
    }

    /// The history's ConfigMap is made by whoever applies the manifests, so that the token need not be able to create any.
    @Test func `no scope gives more than reading, patching workloads, history and lock, and making events and locks`()
        throws
    {
        for scope in [
            AccessManifests.Scope.kinds([.statefulSet]), .workloads(Self.keys), .workloadsByNameOnly(Self.keys),
        ] {
            let yaml = try Self.manifests(scope, includesTokenSecret: true).yaml()
            let events = "- apiGroups: [\"\"]\n  resources: [events]\n  verbs: [create]\n"
            let leases = "- apiGroups: [coordination.k8s.io]\n  resources: [leases]\n  verbs: [create]\n"
            #expect(yaml.contains(events) && yaml.contains(leases))
            let lines = yaml.replacing(events, with: "").replacing(leases, with: "").split(separator: "\n")
            let verbs = lines.filter { $0.contains("verbs:") }
                .flatMap { $0.drop { $0 != "[" }.split { " [],".contains($0) } }
            #expect(Set(verbs).isSubset(of: ["get", "list", "watch", "patch"]))
            #expect(!lines.contains { $0.contains("ClusterRole") || $0.contains("resources: [secrets") })
        }
    }

    /// RBAC cannot restrict creating by name, so it is only asked for where canaries of Deployments are used, with --minimal too:
    /// the app could not be deployed.
    @Test(arguments: [false, true])
    func `Deployments may be created and deleted only where canaries need it`(isMinimal: Bool) throws {
        let scope = AccessManifests.Scope.workloads(Self.keys)
        #expect(try !Self.manifests(scope, isMinimal: isMinimal).yaml().contains("deployments]\n  verbs: [create"))
        let any = try Self.manifests(.kinds([.deployment]), canaries: .any, isMinimal: isMinimal).yaml()
        #expect(
            any.contains(
                """
                - apiGroups: [apps]
                  resources: [deployments]
                  verbs: [create, delete]
                - apiGroups: [""]

                """), "\(any)")
        let named = try Self.manifests(
            scope, canaries: .of([WorkloadKey(kind: .deployment, name: "web-canary")]), isMinimal: isMinimal
        ).yaml()
        #expect(
            named.contains(
                """
                - apiGroups: [apps]
                  resources: [deployments]
                  verbs: [create]
                - apiGroups: [apps]
                  resources: [deployments]
                  resourceNames: [web-canary]
                  verbs: [get, delete]
                - apiGroups: [""]

                """), "\(named)")
    }

    /// A StatefulSet's canary is a partition, which `patch` suffices for.
    @Test func `only canaries of Deployments need rights`() throws {
        let version = "1.0.0-rc-0000000"
        let text = """
            apps:
              - {name: a, version: \(version), strategy: {canary: {hold: 1m}}}
              - {name: b, version: \(version), kind: Deployment}
            """
        var apps = try Descriptor.parse(Array(text.utf8), file: "x.yaml").apps
        #expect(AccessManifests.Canaries(apps) == .none)
        let more = "\n  - {name: c, version: \(version), kind: Deployment, strategy: {canary: {hold: 1m}}}"
        apps = try Descriptor.parse(Array((text + more).utf8), file: "x.yaml").apps
        #expect(AccessManifests.Canaries(apps) == .of([WorkloadKey(kind: .deployment, name: "c-canary")]))
    }

    @Test func `the least is workloads and the reading of pods`() throws {
        let manifests = try Self.manifests(.kinds([.statefulSet]), replacing: .always, isMinimal: true)
        #expect(
            !manifests.yaml().contains("configmaps") && !manifests.yaml().contains("events")
                && !manifests.yaml().contains("leases")
                && !manifests.yaml().contains("delete"))
        #expect(manifests.objects.count == 3)
    }

    @Test func `a Secret for a token is printed where it is asked for`() throws {
        let manifests = try Self.manifests(.kinds([.statefulSet]), environment: "QA-2", includesTokenSecret: true)
        #expect(manifests.objects.count == 5)
        let yaml = manifests.yaml()
        #expect(
            yaml.contains(
                """
                kind: Secret
                metadata:
                  name: descry-qa-2-token
                  namespace: shop-live
                  annotations:
                    kubernetes.io/service-account.name: descry-qa-2
                type: kubernetes.io/service-account-token

                """), "\(yaml)")
        #expect(yaml.contains("get secret descry-qa-2-token -o jsonpath='{.data.token}'"))
        #expect(try !Self.manifests(.kinds([.statefulSet])).yaml().contains("kind: Secret"))
    }

    @Test func `as JSON it is one List that kubectl takes`() throws {
        let json = try JSONReport.render(Self.manifests(.kinds([.statefulSet])).list)
        #expect(json.hasPrefix("{\n  \"apiVersion\" : \"v1\",\n  \"items\" : [\n"))
        #expect(json.hasSuffix("\"kind\" : \"List\"\n}\n"))
        #expect(json.contains("\"serviceaccount") == false)
        for kind in ["ServiceAccount", "Role", "RoleBinding"] { #expect(json.contains("\"kind\" : \"\(kind)\"")) }
    }
}
