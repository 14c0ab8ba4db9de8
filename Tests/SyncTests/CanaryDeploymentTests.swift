import Descriptors
import Kubernetes
import Logging
import Planning
import Reporting
import Rollouts
import Sandbox
import Scenes
import TestServers
import Testing
import Workloads

@testable import Reconciling

/// A Deployment's canary in a Deployment of its own: made, made anew, refused, removed. ClusterTests prove the same on the
/// real API server.
@Suite(.timeLimit(.minutes(15))) struct CanaryDeploymentTests {
    private static let registry = "registry.example.com/shop"
    private static let old = Fate.runs.version("1.0.0")
    private static let new = Fate.runs.version("1.1.0")
    private static let key = WorkloadKey(kind: .deployment, name: "web")

    private struct Scene {
        let sandbox: Sandbox
        let cluster: KubernetesClient
        let environment: Reconciling.Environment

        /// A canary of this identity.
        func canary(_ identity: String = "0a1b2c3d") -> CanaryDeployment {
            CanaryDeployment(cluster: cluster, environment: environment, newIdentity: { identity })
        }

        func planned() async throws -> PlannedApp {
            let text =
                "apps:\n  - {name: web, version: \(new), kind: Deployment, strategy: {canary: {hold: 1m}}}\n"
            let apps = try Descriptor.parse(Array(text.utf8), file: "x.yaml").apps
            let all = try await cluster.list(.deployment, namespace: "shop").items
            let plan = Plan(
                apps: apps, commit: "c0ffee", rules: PlanningRules(environment),
                observed: Dictionary(all.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }))
            return try #require(plan.apps.first, "\(plan.problems)")
        }

        func workload(_ key: WorkloadKey) async throws -> Workload? {
            try await cluster.workload(key, namespace: "shop")
        }

        /// Judges until the verdict is final, by looking every time something changed.
        func verdict(of target: RolloutTarget) async throws -> Verdict {
            var judge = RolloutJudge(target: target, startedAt: .now)
            while !judge.verdict.isFinal {
                let workload = try await workload(target.key)
                let pods = try await cluster.pods(namespace: "shop").items
                judge.judge(workload: workload, pods: pods, at: .now)
                await Task.yield()
            }
            return judge.verdict
        }
    }

    private static let rights = ["get", "list", "watch", "patch", "create", "delete"]

    private func with(verbs: [String] = rights, _ body: (Scene) async throws -> Void) async throws {
        try await Sandbox.run(.init(podDelay: .milliseconds(10))) { sandbox in
            try sandbox.createNamespace("shop")
            try sandbox.create(Self.deployment("web"), namespace: "shop")
            let deployer = sandbox.account(
                "deployer", namespace: "shop",
                rules: [
                    .init(verbs: verbs, group: "apps", resources: ["deployments"]),
                    .init(verbs: ["get", "list", "watch"], resources: ["pods"]),
                ])
            let folder = try TemporaryFolder()
            let path = try folder.write("kubeconfig", sandbox.kubeconfig(for: deployer))
            let settings = """
                environment: DEV
                repository: https://git.example.com/deployments.git
                namespace: shop
                registry: \(Self.registry)
                """
            let client = KubernetesClient(
                configuration: try .kubeconfig(paths: [path]), options: ClientOptions(version: "0.0.0-test"),
                logger: TestOutput.logger)
            let scene = Scene(
                sandbox: sandbox, cluster: client,
                environment: try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV"))
            let result: Result<Void, any Error>
            do { result = .success(try await body(scene)) } catch { result = .failure(error) }
            try await client.close()
            try result.get()
        }
    }

    private static func deployment(_ name: String, labels: [String: JSONValue] = [:]) -> JSONValue {
        let labels = labels.merging(["app": .string(name)]) { $1 }
        return [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
            "spec": [
                "replicas": 3, "selector": ["matchLabels": .object(labels)],
                "template": [
                    "metadata": ["labels": .object(labels)],
                    "spec": [
                        "terminationGracePeriodSeconds": 0,
                        "containers": [["name": "web", "image": .string("\(registry)/web:\(old)")]],
                    ],
                ],
            ],
        ]
    }

    @Test func `it runs the new version, is proven by its own pods, and goes without a trace`() async throws {
        try await with { scene in
            let planned = try await scene.planned()
            let before = try #require(try await scene.workload(Self.key))
            let (target, made) = try await scene.canary().start(planned, pods: 2).get()
            #expect(target.key == WorkloadKey(kind: .deployment, name: "web-canary"))
            #expect(target.uid == made.uid && made.replicas == 2)
            #expect(made.containers.map(\.image.tag) == [Self.new])
            #expect(
                made.selector.matchLabels == [
                    "app": "web", "descry.dev/track": "canary", "descry.dev/canary": "0a1b2c3d",
                ])
            #expect(made.annotations["descry.dev/canary-of"] == "web")
            #expect(made.annotations["descry.dev/environment"] == "DEV")
            #expect(made.annotations["descry.dev/commit"] == "c0ffee")
            guard case .proven = try await scene.verdict(of: target) else {
                Issue.record("not proven")
                return
            }
            let pods = try await scene.cluster.pods(namespace: "shop").items.filter(made.owns)
            var hold = CanaryHold(target: target, pods: pods, hold: .seconds(60), startedAt: .now)
            #expect(hold.canaries.count == 2)
            let now = try await scene.workload(target.key)
            #expect(!hold.judge(workload: now, pods: pods, at: .now).isFinal)
            // The original is untouched: not even its generation.
            #expect(try await scene.workload(Self.key)?.generation == before.generation)
            #expect(try await scene.canary().remove(target.key, uid: target.uid) == nil)
            #expect(try await scene.workload(target.key) == nil)
            #expect(try await scene.canary().remove(target.key, uid: target.uid) == nil, "gone is as good")
        }
    }

    /// Pods of the one before may be ending yet; its identity keeps them apart.
    @Test func `one that a killed pass left behind is made anew`() async throws {
        try await with { scene in
            let first = try await scene.canary("11111111").start(try await scene.planned(), pods: 1).get()
            #expect(try await scene.planned().leftoverCanary?.uid == first.1.uid)
            let pods = try await scene.cluster.pods(namespace: "shop").items
            let second = try await scene.canary("22222222").start(try await scene.planned(), pods: 1).get()
            #expect(second.1.uid != first.1.uid)
            #expect(pods.filter(second.1.owns).isEmpty)
            guard case .proven = try await scene.verdict(of: second.0) else {
                Issue.record("not proven")
                return
            }
        }
    }

    @Test func `a foreign Deployment of its name is left alone`() async throws {
        try await with { scene in
            let planned = try await scene.planned()
            try scene.sandbox.create(Self.deployment("web-canary"), namespace: "shop")
            let key = WorkloadKey(kind: .deployment, name: "web-canary")
            let foreign = try await scene.workload(key)
            let result = try await scene.canary().start(planned, pods: 1)
            guard case .failure(let failure) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(failure.code == "canary-name-taken")
            #expect(try await scene.workload(key)?.uid == foreign?.uid)
        }
    }

    @Test func `nothing is made of an original that is gone or another one by now`() async throws {
        try await with { scene in
            let planned = try await scene.planned()
            _ = try await scene.cluster.deleteWorkload(Self.key, uid: planned.workload.uid, namespace: "shop")
            for isThere in [false, true] {
                if isThere { try scene.sandbox.create(Self.deployment("web"), namespace: "shop") }
                let result = try await scene.canary().start(planned, pods: 1)
                guard case .failure(let failure) = result else {
                    Issue.record("\(result)")
                    return
                }
                #expect(failure.code == "replaced")
                #expect(try await scene.workload(Self.key.canary) == nil)
            }
        }
    }

    @Test func `a missing right is named`() async throws {
        try await with(verbs: ["get", "list", "watch", "patch"]) { scene in
            let result = try await scene.canary().start(try await scene.planned(), pods: 1)
            guard case .failure(let failure) = result else {
                Issue.record("\(result)")
                return
            }
            #expect(failure.code == "forbidden")
            #expect(failure.message.contains("create deployments.apps"), "\(failure.message)")
            #expect(failure.hint?.contains("descry rbac DEV --named") == true, "\(failure.hint ?? "")")
            let removal = try await scene.canary().remove(Self.key, uid: "another")
            #expect(removal?.code == "forbidden")
            #expect(removal?.hint?.contains("kubectl -n shop delete deployment/web") == true)
        }
    }
}
