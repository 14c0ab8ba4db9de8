import Kubernetes
import TestServers
import Testing
import Workloads

/// Server-side apply against the real API server: what it changes, what it refuses, and that it never creates.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct KubernetesApplyTests {
    /// A namespace with the manifests in it, and the administrator's client.
    private func with(
        _ manifests: String, _ body: (KubernetesClient, TestNamespace) async throws -> Void
    ) async throws {
        try await ControlPlane.shared().withNamespace { namespace in
            if !manifests.isEmpty { try await namespace.apply(manifests) }
            try await namespace.controlPlane.withClient { try await body($0, namespace) }
        }
    }

    private func workload(
        _ kind: WorkloadKind, _ name: String, _ client: KubernetesClient, _ namespace: TestNamespace
    ) async throws -> Workload {
        try #require(try await client.workload(WorkloadKey(kind: kind, name: name), namespace: namespace.name))
    }

    @Test func anImageAndAnnotationsAreSetAndNothingElse() async throws {
        let manifest = TestNamespace.manifest(
            name: "a", image: "r/a:1", replicas: 2,
            spec: "      initContainers: [{name: init, image: \"r/init:1\"}]")
        try await with(manifest) { client, namespace in
            let before = try await workload(.statefulSet, "a", client, namespace)
            var patch = before.patch(image: "r/a:2", annotations: ["descry.dev/version": "2"])
            patch.images.append(.init(container: "init", isInit: true, image: ContainerImage("r/init:2")))
            let after = try await client.apply(patch, namespace: namespace.name, force: true)
            #expect(after.generation == before.generation + 1)
            #expect(after.containers == [Container(name: "a", image: ContainerImage("r/a:2"))])
            #expect(after.initContainers == [Container(name: "init", image: ContainerImage("r/init:2"))])
            #expect(after.annotations["descry.dev/version"] == "2")
            #expect(after.replicas == 2)
            #expect(after.strategy == UpdateStrategy(type: "RollingUpdate", partition: 0))
            let managers = try await namespace.kubectl([
                "get", "statefulset", "a",
                "--output=jsonpath={.metadata.managedFields[?(@.manager=='descry')].operation}",
            ])
            #expect(managers == "Apply")
        }
    }

    @Test func theSamePatchAgainChangesNothing() async throws {
        try await with(TestNamespace.manifest(name: "a", image: "r/a:1")) { client, namespace in
            let observed = try await workload(.statefulSet, "a", client, namespace)
            let patch = observed.patch(image: "r/a:2", annotations: ["descry.dev/version": "2"])
            let first = try await client.apply(patch, namespace: namespace.name, force: true)
            let second = try await client.apply(patch, namespace: namespace.name)
            #expect(second.generation == first.generation)
            #expect(second.generation == observed.generation + 1)
        }
    }

    /// kubectl made these fields, so they are its own until they are taken.
    @Test func aConflictNamesTheRivalAndItsFields() async throws {
        let manifest = TestNamespace.manifest(
            name: "a", image: "r/a:1", spec: "  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}")
        try await with(manifest) { client, namespace in
            let before = try await workload(.statefulSet, "a", client, namespace)
            #expect(before.strategy.partition == 1)
            let patch = before.patch(image: "r/a:2")
            let error = try await kubernetesError { try await client.apply(patch, namespace: namespace.name) }
            #expect(error?.code == "field-conflict")
            #expect(error?.category == .conflict)
            #expect(error?.fieldManagers == ["kubectl-client-side-apply"])
            #expect(
                Set(error?.fieldConflicts.map(\.field) ?? []) == [
                    #".spec.template.spec.containers[name="a"].image"#,
                    ".spec.updateStrategy.rollingUpdate.partition",
                ])
            let unchanged = try await workload(.statefulSet, "a", client, namespace)
            #expect(unchanged.generation == before.generation)
            let after = try await client.apply(
                unchanged.patch(image: "r/a:2"), namespace: namespace.name, force: true)
            #expect(after.strategy.partition == 0)
            #expect(after.containers.first?.image.tag == "2")
        }
    }

    /// From the strategy that would keep a rollout from happening. What `rollingUpdate` held otherwise stays, and a
    /// Deployment's strategy is left alone.
    @Test(arguments: [
        (WorkloadKind.statefulSet, "  updateStrategy: {type: OnDelete}", "partition", "0"),
        (.deployment, "  strategy: {type: Recreate}", "maxSurge", ""),
        (.deployment, "  strategy: {rollingUpdate: {maxSurge: 3, maxUnavailable: 0}}", "maxSurge", "3"),
        (.daemonSet, "  updateStrategy: {type: OnDelete}", "maxUnavailable", "1"),
        (.daemonSet, "  updateStrategy: {rollingUpdate: {maxUnavailable: 3}}", "maxUnavailable", "3"),
    ])
    func everyKindReplacesItsPods(kind: WorkloadKind, spec: String, field: String, value: String) async throws {
        let manifest = TestNamespace.manifest(kind: kind.rawValue, name: "a", image: "r/a:1", spec: spec)
        try await with(manifest) { client, namespace in
            let before = try await workload(kind, "a", client, namespace)
            let after = try await client.apply(before.patch(image: "r/a:2"), namespace: namespace.name, force: true)
            #expect(after.strategy.type == (kind == .deployment ? before.strategy.type : "RollingUpdate"))
            let strategy = kind == .deployment ? "strategy" : "updateStrategy"
            let kept = try await namespace.kubectl([
                "get", kind.resource, "a", "--output=jsonpath={.spec.\(strategy).rollingUpdate.\(field)}",
            ])
            #expect(kept == value)
        }
    }

    @Test func aDryRunChangesNothing() async throws {
        try await with(TestNamespace.manifest(name: "a", image: "r/a:1")) { client, namespace in
            let before = try await workload(.statefulSet, "a", client, namespace)
            let answer = try await client.apply(
                before.patch(image: "r/a:2"), namespace: namespace.name, force: true, dryRun: true)
            #expect(answer.containers.first?.image.tag == "2")
            let after = try await workload(.statefulSet, "a", client, namespace)
            #expect(after.containers == before.containers)
            #expect(after.generation == before.generation)
        }
    }

    @Test func aChangeSinceTheObservationIsAConflict() async throws {
        try await with(TestNamespace.manifest(name: "a", image: "r/a:1")) { client, namespace in
            let stale = try await workload(.statefulSet, "a", client, namespace)
            try await namespace.kubectl(["annotate", "statefulset", "a", "changed=meanwhile"])
            var patch = stale.patch(image: "r/a:2")
            patch.resourceVersion = stale.resourceVersion
            let error = try await kubernetesError {
                try await client.apply(patch, namespace: namespace.name, force: true)
            }
            #expect(error?.code == "conflict")
            #expect(error?.category == .conflict)
        }
    }

    /// With and without the `resourceVersion`, forced and not, dry and not: an apply on a name that is gone creates nothing,
    /// although the administrator might, and although the body were enough for a whole object.
    @Test(arguments: [true, false], [true, false])
    func aDeletedWorkloadIsNeverCreated(carriesVersion: Bool, force: Bool) async throws {
        for kind in WorkloadKind.allCases {
            let manifest = TestNamespace.manifest(kind: kind.rawValue, name: "a", image: "r/a:1")
            try await with(manifest) { client, namespace in
                let observed = try await workload(kind, "a", client, namespace)
                var patch = observed.patch(image: "r/a:2")
                if carriesVersion { patch.resourceVersion = observed.resourceVersion }
                try await namespace.kubectl(["delete", kind.resource, "a", "--wait=true"])
                for dryRun in [true, false] {
                    let error = try await kubernetesError {
                        try await client.apply(patch, namespace: namespace.name, force: force, dryRun: dryRun)
                    }
                    #expect(error?.category == .conflict)
                }
                let left = try await client.workload(patch.key, namespace: namespace.name)
                #expect(left == nil)
            }
        }
    }

    @Test(arguments: [true, false])
    func aWorkloadMadeAnewIsNotPatched(carriesVersion: Bool) async throws {
        let manifest = TestNamespace.manifest(name: "a", image: "r/a:1")
        try await with(manifest) { client, namespace in
            let observed = try await workload(.statefulSet, "a", client, namespace)
            var patch = observed.patch(image: "r/a:2")
            if carriesVersion { patch.resourceVersion = observed.resourceVersion }
            try await namespace.kubectl(["delete", "statefulset", "a", "--wait=true"])
            try await namespace.apply(manifest)
            let error = try await kubernetesError {
                try await client.apply(patch, namespace: namespace.name, force: true)
            }
            #expect(error?.category == .conflict)
            #expect(error?.code == (carriesVersion ? "conflict" : "replaced"))
            let left = try await workload(.statefulSet, "a", client, namespace)
            #expect(left.containers.first?.image.tag == "1")
        }
    }

    @Test func aPatchWithoutUidIsNotSent() async throws {
        try await with("") { client, namespace in
            let patch = WorkloadPatch(
                key: .statefulSet("a"), uid: "", resourceVersion: "1",
                images: [.init(container: "a", image: ContainerImage("r/a:2"))])
            let error = try await kubernetesError { try await client.apply(patch, namespace: namespace.name) }
            #expect(error?.code == "missing-uid")
        }
    }

    @Test func whatTheServerRefusesIsInvalid() async throws {
        try await with(TestNamespace.manifest(name: "a", image: "r/a:1")) { client, namespace in
            let observed = try await workload(.statefulSet, "a", client, namespace)
            let error = try await kubernetesError {
                try await client.apply(
                    observed.patch(image: "r/a:2", annotations: ["not a key": "x"]), namespace: namespace.name,
                    force: true)
            }
            #expect(error?.code == "invalid")
            #expect(error?.category == .refused)
        }
    }

    @Test func thirtyTwoPatchesGoAtOnce() async throws {
        let names = (0..<32).map { "app-\($0)" }
        let manifests = names.map { TestNamespace.manifest(name: $0, image: "r/a:1", replicas: 0) }.joined()
        try await with(manifests) { client, namespace in
            let observed = try await client.list(.statefulSet, namespace: namespace.name).items
            #expect(observed.count == 32)
            let tags = try await withThrowingTaskGroup(of: String?.self) { group in
                for workload in observed {
                    group.addTask {
                        try await client.apply(
                            workload.patch(image: "r/a:2"), namespace: namespace.name, force: true
                        ).containers.first?.image.tag
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(tags == Array(repeating: "2", count: 32))
        }
    }
}
