import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import TestServers
import Testing
import Workloads

@testable import Reconciling

/// Canaries on the real API server: a Deployment of its own beside the original, and a StatefulSet's partition, each judged by
/// what the real controllers report.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct CanaryDeploymentTests {
    private static let registry = "registry.example.com/shop"
    private static let old = Fate.runs.version("1.0.0")
    private static let new = Fate.runs.version("1.1.0")

    private struct Scene: Sendable {
        let namespace: TestNamespace
        let client: KubernetesClient
        let key: WorkloadKey
        let environment: Reconciling.Environment

        func planned() async throws -> PlannedApp {
            let text =
                "apps:\n  - {name: web, version: \(new), kind: \(key.kind.rawValue), strategy: {canary: {hold: 1m}}}\n"
            let all = try await client.list(key.kind, namespace: namespace.name).items
            let plan = Plan(
                apps: try Descriptor.parse(Array(text.utf8), file: "x.yaml").apps, commit: "c0ffee",
                rules: PlanningRules(environment),
                observed: Dictionary(all.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }))
            return try #require(plan.apps.first, "\(plan.problems)")
        }

        /// The verdict, by watching, with the workload and the pods that bore it out.
        func verdict(_ target: RolloutTarget, _ workload: Workload) async throws -> (Verdict, Workload?, [PodState]) {
            var board = RolloutBoard()
            _ = board.begin([(target, workload)], at: .now)
            while !board.isFinished {
                let pods = try await client.pods(namespace: namespace.name).items
                if let now = try await client.workload(target.key, namespace: namespace.name) {
                    _ = board.update(now, at: .now)
                }
                _ = board.replacePods(with: pods, at: .now)
            }
            let verdict = try #require(board.verdicts[target.key])
            return (verdict, board.workload(target.key), board.pods(of: target.key))
        }
    }

    private func with(_ kind: WorkloadKind, _ body: (Scene) async throws -> Void) async throws {
        try await ControlPlane.shared().withNamespace { namespace in
            try await namespace.apply(
                TestNamespace.manifest(
                    kind: kind.rawValue, name: "web", image: "\(Self.registry)/web:\(Self.old)", replicas: 3))
            try await namespace.rolledOut("\(kind.rawValue.lowercased())/web")
            let settings = """
                environment: DEV
                repository: https://git.example.com/deployments.git
                namespace: \(namespace.name)
                registry: \(Self.registry)
                """
            let environment = try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
            try await namespace.controlPlane.withClient { client in
                try await body(
                    Scene(
                        namespace: namespace, client: client, key: WorkloadKey(kind: kind, name: "web"),
                        environment: environment))
            }
        }
    }

    @Test func `a Deployment's canary is proven beside the original, made anew, and removed`() async throws {
        try await with(.deployment) { scene in
            let canary = CanaryDeployment(cluster: scene.client, environment: scene.environment)
            let before = try await scene.client.workload(scene.key, namespace: scene.namespace.name)
            let first = try await canary.start(try await scene.planned(), pods: 1).get()
            // As if the pass had been killed here.
            let second = try await canary.start(try await scene.planned(), pods: 1).get()
            #expect(first.1.uid != second.1.uid)
            let (verdict, workload, pods) = try await scene.verdict(second.0, second.1)
            guard case .proven = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(pods.count == 1 && pods.allSatisfy { $0.containers.map(\.image.tag) == [Self.new] })
            var hold = CanaryHold(target: second.0, pods: pods, hold: .seconds(60), startedAt: .now)
            #expect(!hold.judge(workload: workload, pods: pods, at: .now).isFinal)
            let after = try await scene.client.workload(scene.key, namespace: scene.namespace.name)
            #expect(after?.generation == before?.generation && after?.status.ready == 3)
            #expect(try await canary.remove(second.0.key, uid: second.0.uid) == nil)
            #expect(try await scene.client.workload(second.0.key, namespace: scene.namespace.name) == nil)
        }
    }

    /// The canary, what is there for a second pass that comes after a kill, and the rest.
    @Test func `a StatefulSet's canary is proven by its partition, and the rest follows`() async throws {
        try await with(.statefulSet) { scene in
            let writer = WorkloadWriter(
                cluster: scene.client, namespace: scene.namespace.name, isDryRun: false,
                replan: { planned, workload in
                    Plan(
                        apps: [planned.app], commit: "c0ffee", rules: PlanningRules(scene.environment),
                        observed: workload.map { [$0.key: $0] } ?? [:])
                })
            for _ in 0..<2 {
                guard
                    case .written(let planned, let workload, _) = try await writer.write(
                        try await scene.planned(), isCanary: true)
                else {
                    Issue.record("not written")
                    return
                }
                #expect(planned.canaryPartition == 2 && workload.strategy.partition == 2)
                let target = RolloutTarget(
                    planned, workload: workload, environment: scene.environment, isCanary: true)
                let (verdict, now, pods) = try await scene.verdict(target, workload)
                guard case .proven = verdict else {
                    Issue.record("\(verdict)")
                    return
                }
                #expect(pods.map { $0.containers[0].image.tag } == [Self.old, Self.old, Self.new])
                #expect(now?.status.currentRevision != now?.status.updateRevision)
                var hold = CanaryHold(target: target, pods: pods, hold: .seconds(60), startedAt: .now)
                #expect(hold.canaries == ["web-2"])
                #expect(!hold.judge(workload: now, pods: pods, at: .now).isFinal)
            }
            guard case .written(let planned, let workload, _) = try await writer.write(try await scene.planned()) else {
                Issue.record("not written")
                return
            }
            let target = RolloutTarget(planned, workload: workload, environment: scene.environment)
            let (verdict, now, _) = try await scene.verdict(target, workload)
            guard case .proven = verdict else {
                Issue.record("\(verdict)")
                return
            }
            #expect(now?.status.currentRevision == now?.status.updateRevision)
        }
    }
}
