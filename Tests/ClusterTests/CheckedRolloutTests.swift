import FoundationEssentials
import Kubernetes
import TestServers
import Testing
import Workloads

/// `descry apply` with canaries, health and checks on the real API server, with the very rights that `descry rbac` prints for
/// them.
@Suite(
    .enabled(if: ControlPlane.answeringPods.isToRun, "\(ControlPlane.answeringPods)"), .timeLimit(.minutes(15)))
struct CheckedRolloutTests {
    typealias Scene = DeploymentScene

    private static let canary = ", strategy: {canary: {pods: 1, hold: 1s}}"
    private static let watched = ", strategy: {canary: {pods: 1, hold: 10m}}"

    private static func health() throws -> String {
        ", health: {path: /health, port: \(try #require(ControlPlane.podPort))}"
    }

    /// A scene whose token may do what `descry rbac` prints.
    private static func run(
        _ workloads: [String], settings: [String: String?] = [:], _ body: @Sendable (Scene) async throws -> Void
    ) async throws {
        try ControlPlane.answeringPods.demand()
        // The scene's own account only looks on.
        let looking = [PolicyRule(["get", "list", "watch"], apiGroup: "apps", ["statefulsets"])]
        try await Scene.run(workloads, rules: looking) { scene in
            try scene.environment("DEV", replacing: settings)
            let printed = try await scene.run(
                "rbac", "DEV", ["--kind", "StatefulSet", "--kind", "Deployment", "--canary", "--health"])
            #expect(printed.exitCode == 0, "\(printed)")
            try await scene.plane.kubectl(["apply", "--filename=-"], input: printed.output)
            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.token(expirationSeconds: 4 * 3600)
            scene.descry.plant(token)
            let cluster =
                "{server: \"\(scene.plane.server)\", certificateAuthority: \"\(scene.plane.certificateAuthority)\", "
                + "tokenFile: \"\(try account.tokenFile(token))\"}"
            try scene.environment("DEV", replacing: settings.merging(["cluster": cluster]) { mine, _ in mine })
            try await body(scene)
        }
    }

    @Test(arguments: ["StatefulSet", "Deployment"])
    func `a canary first, then the others`(kind: String) async throws {
        try await Self.run([Scene.workload("backend", kind: kind, replicas: 3)]) { scene in
            let health = try Self.health()
            let run = try await scene.deploy(("backend", "\(Scene.second), kind: \(kind)\(Self.canary)\(health)"))
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass()["backend"]?.outcome == "proven")
            #expect(run.errors.contains("watching the canary"), "\(run)")
            let left = try await scene.namespace.kubectl(["get", "statefulsets,deployments", "--output=name"])
            #expect(left.split(separator: "\n").count == 1, "the canary is gone: \(left)")
            let object = "\(kind.lowercased())/backend"
            #expect(try await scene.image(object) == "\(Scene.registry)/backend:\(Scene.second)")
            try await scene.namespace.rolledOut(object, timeoutSeconds: 60)
            let events = try await scene.namespace.kubectl(
                ["get", "events", "--field-selector=source=descry", "--output=jsonpath={.items[*].reason}"])
            #expect(events.contains("CanaryPassed") && events.contains("RolloutProven"), "\(events)")
        }
    }

    /// All of them would be ready: only the answer tells. The other pods are never replaced.
    @Test(arguments: ["StatefulSet", "Deployment"])
    func `a canary that is not well`(kind: String) async throws {
        try await Self.run([Scene.workload("backend", kind: kind, replicas: 3)]) { scene in
            let pods = ["get", "pods", "--output=jsonpath={.items[*].metadata.uid}"]
            let before = Set(try await scene.namespace.kubectl(pods).split(separator: " "))
            let sick = Fate.sick.version("1.1.0")
            let run = try await scene.deploy(("backend", "\(sick), kind: \(kind)\(Self.watched)\(try Self.health())"))
            #expect(run.exitCode == 3, "\(run)")
            let report = try run.pass()
            #expect(report["backend"]?.failure?.code == "unhealthy")
            #expect(report["backend"]?.rollback?.outcome == "proven")
            let object = "\(kind.lowercased())/backend"
            #expect(try await scene.image(object) == "\(Scene.registry)/backend:\(Scene.first)")
            try await scene.namespace.rolledOut(object, timeoutSeconds: 60)
            let after = Set(try await scene.namespace.kubectl(pods).split(separator: " "))
            #expect(before.intersection(after).count >= 2)
            let again = try await scene.apply()
            #expect(again.exitCode == 65, "\(again)")
            #expect(try again.pass()["backend"]?.failure?.code == "quarantined")
        }
    }

    @Test func `a check that fails takes everything back`() async throws {
        let names = ["backend", "frontend"]
        let settings: [String: String?] = ["verify": "{job: smoke, timeout: 1m}"]
        try await Self.run(names.map { Scene.workload($0) }, settings: settings) { scene in
            try await scene.namespace.apply(VerifyTests.cronJob(.crashes))
            let run = try await scene.deploy(names.map { ($0, Scene.second) })
            #expect(run.exitCode == 3, "\(run)")
            let report = try run.pass()
            #expect(report.outcome == "rolledBack")
            for name in names {
                #expect(report[name]?.rollback?.outcome == "proven")
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(Scene.first)")
            }
            #expect(run.output.contains("\"verify-failed\""), "\(run)")
            #expect(try await scene.apply().exitCode == 65)

            try await scene.namespace.apply(VerifyTests.cronJob(.runs))
            let mended = try await scene.apply("--retry")
            #expect(mended.exitCode == 0, "\(mended)")
            #expect(mended.output.contains("\"passed\""))
        }
    }

    /// The first commit would be waited for an hour.
    @Test func `a fix does not wait for what it mends`() async throws {
        let settings: [String: String?] = ["rollout": "{timeout: 1h, replaceStuckPods: always}"]
        try await Self.run([Scene.workload("backend", replicas: 2)], settings: settings) { scene in
            async let following = scene.deploy(
                ("backend", Fate.neverReady.version("1.1.0")), arguments: ["--follow"])
            try await scene.plane.withClient(token: scene.token) { cluster in
                for try await observation in cluster.observe(.statefulSet, namespace: scene.namespace.name) {
                    switch observation {
                    case .snapshot(let all) where all.contains { $0.status.updated == 1 && $0.generation > 1 }: return
                    case .changed(let workload) where workload.status.updated == 1 && workload.generation > 1: return
                    default: continue
                    }
                }
            }
            let fix = try await scene.commit(("backend", Scene.second))
            let run = try await following
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.errors.contains("commit \(fix.prefix(10)) is newer"), "\(run)")
            #expect(try run.pass()["backend"]?.outcome == "proven")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.second)")
            let history = try await scene.run("history", "DEV")
            #expect(history.output.contains("preempted"), "\(history)")
        }
    }
}
