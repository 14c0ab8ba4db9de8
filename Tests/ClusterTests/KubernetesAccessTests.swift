import FoundationEssentials
import Kubernetes
import TestServers
import Testing
import Workloads

/// What a token scoped as Jenkins would have it may do on the real API server, and that everything else is refused in words
/// that help.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct KubernetesAccessTests {
    private static let manifests =
        TestNamespace.manifest(name: "a", image: "r/a:1") + TestNamespace.manifest(name: "b", image: "r/b:1")

    /// A namespace with two workloads, and a client whose token has these rules there.
    private func with(
        _ rules: [PolicyRule], _ body: (KubernetesClient, TestNamespace, TestAccount) async throws -> Void
    ) async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(Self.manifests)
            let account = try await namespace.account(rules: rules)
            try await plane.withClient(token: try await account.token()) { try await body($0, namespace, account) }
        }
    }

    @Test func theDeployersTokenDoesItsWork() async throws {
        try await with(PolicyRule.deployer) { client, namespace, account in
            let list = try await client.list(.statefulSet, namespace: namespace.name)
            #expect(list.items.map(\.key.name).sorted() == ["a", "b"])
            #expect(!list.resourceVersion.isEmpty)
            let workload = try #require(list.items.first { $0.key.name == "a" })
            let after = try await client.apply(workload.patch(image: "r/a:2"), namespace: namespace.name, force: true)
            #expect(after.containers.first?.image.tag == "2")
            _ = try await client.pods(namespace: namespace.name)
            for try await observation in client.observePods(namespace: namespace.name) {
                if case .snapshot = observation { break }
            }
            let writes = try await namespace.writes(by: account)
            #expect(writes.count == 1)
            #expect(writes.first?.verb == "patch")
            #expect(writes.first?.userAgent?.hasPrefix("descry/0.0.0-test (") == true)
        }
    }

    /// The same token elsewhere: another namespace, another kind, another verb.
    @Test func theDeployersTokenIsRefusedElsewhere() async throws {
        try await with(PolicyRule.smallest) { client, namespace, _ in
            try await namespace.controlPlane.withNamespace("other") { other in
                try await other.apply(Self.manifests)
                let refusals: [(KubernetesError?, String)] = [
                    (
                        try await kubernetesError { try await client.list(.statefulSet, namespace: other.name) },
                        "list statefulsets.apps in namespace \(other.name)"
                    ),
                    (
                        try await kubernetesError {
                            try await client.workload(.statefulSet("a"), namespace: other.name)
                        }, "get statefulsets.apps \"a\" in namespace \(other.name)"
                    ),
                    (
                        try await kubernetesError { try await client.pods(namespace: other.name) },
                        "list pods in namespace \(other.name)"
                    ),
                    (
                        try await kubernetesError { try await client.list(.deployment, namespace: namespace.name) },
                        "list deployments.apps in namespace \(namespace.name)"
                    ),
                    (
                        try await kubernetesError {
                            try await client.deletePod("a-0", uid: "u", namespace: namespace.name)
                        }, "delete pods \"a-0\" in namespace \(namespace.name)"
                    ),
                ]
                for (error, purpose) in refusals {
                    #expect(error?.code == "forbidden")
                    #expect(error?.category == .denied)
                    #expect(error?.message.contains(purpose) == true)
                    #expect(error?.hint?.contains("descry rbac") == true)
                }
                let admin = try await namespace.controlPlane.withClient {
                    try await $0.workload(.statefulSet("a"), namespace: other.name)
                }
                let foreign = try #require(admin)
                let error = try await kubernetesError {
                    try await client.apply(foreign.patch(image: "r/a:2"), namespace: other.name, force: true)
                }
                #expect(error?.code == "forbidden")
            }
        }
    }

    /// A Role with `resourceNames` cannot list, so the caller reads by name; a watch of one name is allowed.
    @Test func aRoleThatNamesItsWorkloadsCannotList() async throws {
        let rules = [PolicyRule(["get", "list", "watch", "patch"], ["statefulsets"], names: ["a"])]
        try await with(rules) { client, namespace, _ in
            let refused = try await kubernetesError { try await client.list(.statefulSet, namespace: namespace.name) }
            #expect(refused?.code == "forbidden")
            let stream = try await kubernetesError {
                for try await _ in client.observe(.statefulSet, namespace: namespace.name) {}
            }
            #expect(stream?.code == "forbidden")
            let workload = try await client.workload(.statefulSet("a"), namespace: namespace.name)
            #expect(workload?.key.name == "a")
            let other = try await kubernetesError {
                try await client.workload(.statefulSet("b"), namespace: namespace.name)
            }
            #expect(other?.code == "forbidden")
            for try await observation in client.observe(
                .statefulSet, namespace: namespace.name, fieldSelector: "metadata.name=a")
            {
                guard case .snapshot(let items) = observation else { continue }
                #expect(items.map(\.key.name) == ["a"])
                break
            }
        }
    }

    @Test func permissionsCanBeAskedFor() async throws {
        try await with(PolicyRule.deployer) { client, namespace, _ in
            let may = { (verb: String, group: String, resource: String, subresource: String?, place: String) in
                try await client.isAllowed(
                    Permission(
                        verb: verb, group: group, resource: resource, subresource: subresource, namespace: place))
            }
            #expect(try await may("patch", "apps", "statefulsets", nil, namespace.name) as Bool)
            #expect(try await may("watch", "", "pods", nil, namespace.name) as Bool)
            let refused = [
                try await may("create", "apps", "statefulsets", nil, namespace.name),
                try await may("patch", "apps", "statefulsets", "scale", namespace.name),
                try await may("patch", "apps", "deployments", nil, namespace.name),
                try await may("patch", "apps", "statefulsets", nil, "default"),
            ]
            #expect(refused == [false, false, false, false])
        }
    }

    @Test func aTokenThatIsOverIsUnauthorized() async throws {
        try await with(PolicyRule.deployer) { _, namespace, account in
            for token in [try await account.signedToken(validForSeconds: -60), "not-a-token"] {
                try await namespace.controlPlane.withClient(token: token) { client in
                    let error = try await kubernetesError {
                        try await client.list(.statefulSet, namespace: namespace.name)
                    }
                    #expect(error?.code == "unauthorized")
                    #expect(error?.category == .denied)
                    #expect(error?.description.contains(token) == false)
                }
            }
        }
    }

    @Test func aTokenTellsItsEnd() async throws {
        try await with(PolicyRule.deployer) { client, namespace, account in
            let claims = try #require(try await client.tokenClaims())
            #expect(claims.subject == account.user)
            let left = try #require(claims.expires?.timeIntervalSinceNow)
            #expect((3000...3700).contains(left))
            try await namespace.controlPlane.withClient(token: try await account.secretToken()) { client in
                let claims = try await client.tokenClaims()
                #expect(claims != nil)
                #expect(claims?.expires == nil)
            }
        }
    }

    @Test func theServersVersionIsRead() async throws {
        let plane = try ControlPlane.shared()
        let version = try await plane.withClient { try await $0.serverVersion() }
        // Builds of distributions may leave the numbers out: the text is all there is then.
        let answer = try await plane.kubectl(["get", "--raw", "/version"])
        #expect(version.gitVersion.hasPrefix("v"))
        #expect(answer.contains("\"gitVersion\": \"\(version.gitVersion)\""))
    }

    /// What is not there is nil, and no error: a workload, a pod, and either in a namespace that does not exist.
    @Test func whatIsNotThereIsNil() async throws {
        try await ControlPlane.shared().withClient { client in
            for namespace in ["default", "no-such-namespace"] {
                let workload = try await client.workload(.statefulSet("none"), namespace: namespace)
                #expect(workload == nil)
                let pod = try await client.pod("none", namespace: namespace)
                #expect(pod == nil)
                let list = try await client.list(.daemonSet, namespace: namespace)
                #expect(list.items.isEmpty)
            }
        }
    }
}
