import Descriptors
import Kubernetes
import Reporting
import TestServers
import Testing

@testable import Reconciling

/// Pods asked for their health through the real API server's proxy: what is said to whom, and who may ask.
@Suite(
    .enabled(if: ControlPlane.answeringPods.isToRun, "\(ControlPlane.answeringPods)"), .timeLimit(.minutes(15)))
struct HealthTests {
    typealias Scene = DeploymentScene

    private static let reading = PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"])
    private static let asking = PolicyRule(["get"], apiGroup: "", ["pods/proxy"])

    /// Two StatefulSets of two pods each that are ready, of which one is not well.
    private static func run(_ body: (TestNamespace, HealthCheck) async throws -> Void) async throws {
        try ControlPlane.answeringPods.demand()
        let port = try #require(ControlPlane.podPort)
        let check = HealthCheck(path: "/health?full=1", port: port)
        try await ControlPlane.shared().withNamespace("health") { namespace in
            for (name, fate) in [("well", Fate.runs), ("ill", .sick)] {
                try await namespace.apply(
                    TestNamespace.manifest(name: name, image: "r.example/\(name):\(fate.version())", replicas: 2))
            }
            try await namespace.rolledOut("statefulset/well", "statefulset/ill")
            try await body(namespace, check)
        }
    }

    private static func failure(
        _ check: HealthCheck, _ pods: [String], in namespace: TestNamespace, rules: [PolicyRule],
        during: Duration = .zero
    ) async throws -> AppReport.Failure? {
        let token = try await namespace.account("asker", rules: rules).token()
        return try await namespace.controlPlane.withClient(token: token) { client in
            try await HealthProbe(cluster: client, namespace: namespace.name, clock: ContinuousClock())
                .failure(of: check, pods: pods, during: during)
        }
    }

    @Test func `pods that are well, a pod that is not, and one that is gone`() async throws {
        try await Self.run { namespace, check in
            let rules = [Self.reading, Self.asking]
            let well = try await Self.failure(
                check, ["well-0", "well-1"], in: namespace, rules: rules, during: .seconds(2))
            #expect(well == nil)
            let ill = try await Self.failure(check, ["well-0", "ill-1"], in: namespace, rules: rules)
            #expect(ill?.code == "unhealthy")
            #expect(ill?.pod == "ill-1")
            #expect(ill?.message.contains(#"answered 503: "{"healthy": false"#) == true, "\(ill?.message ?? "")")
            let gone = try await Self.failure(check, ["well-0", "gone-0"], in: namespace, rules: rules)
            #expect(gone == nil)
        }
    }

    @Test func `a port at which nobody listens`() async throws {
        try await Self.run { namespace, _ in
            let failure = try await Self.failure(
                HealthCheck(path: "/", port: 1), ["well-0"], in: namespace, rules: [Self.reading, Self.asking])
            #expect(failure?.code == "unhealthy")
            #expect(failure?.message.contains("error trying to reach service") == true, "\(failure?.message ?? "")")
        }
    }

    @Test func `a token that may not ask, one that was deleted, and the command that the hint gives`() async throws {
        try await Self.run { namespace, check in
            let forbidden = try await Self.failure(check, ["well-0"], in: namespace, rules: [Self.reading])
            #expect(forbidden?.code == "forbidden")
            #expect(forbidden?.hint?.contains("--health") == true)
            let ill = try await Self.failure(check, ["ill-0"], in: namespace, rules: [Self.reading, Self.asking])
            let path = try #require(ill?.hint?.split(separator: "'").dropFirst().first.map { String($0) })
            #expect(path.hasPrefix("/api/v1/namespaces/\(namespace.name)/pods/ill-0:"))
            await #expect(throws: Program.Failure.self) { try await namespace.kubectl(["get", "--raw", path]) }
            let good = try await namespace.kubectl(["get", "--raw", path.replacing("ill-0", with: "well-0")])
            #expect(good.contains(#""healthy": true"#))
        }
    }

    /// A StatefulSet makes its pod anew under its name: no fault of the version.
    @Test func `a pod that is deleted comes back and is asked again`() async throws {
        try await Self.run { namespace, check in
            try await namespace.kubectl(["delete", "pod", "well-0", "--wait=false"])
            let failure = try await Self.failure(
                check, ["well-0"], in: namespace, rules: [Self.reading, Self.asking], during: .seconds(1))
            #expect(failure == nil)
        }
    }

    /// The right is printed where it is used, suffices, and is missed by doctor where it is not there.
    @Test func `rbac prints the right where the descriptor uses it, and doctor misses it`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let plain = try await scene.run("rbac", "DEV", ["--named"])
            #expect(plain.exitCode == 0 && !plain.output.contains("pods/proxy"), "\(plain)")
            try await scene.commit(("backend", "\(Scene.second), health: {path: /health}"))
            for flag in ["--named", "--health"] {
                let printed = try await scene.run("rbac", "DEV", [flag])
                #expect(printed.exitCode == 0 && printed.output.contains("pods/proxy"), "\(printed)")
            }
            let before = try await scene.run("doctor", "DEV", ["-o", "json"])
            #expect(before.exitCode == 77, "\(before)")
            let failed = try before.decoded(as: ReportedHealth.self).checks("failed")
            #expect(failed.map(\.message) == ["the token may not get pods/proxy in \(scene.namespace.name)"])
            #expect(failed.first?.hint == "descry rbac DEV --health | kubectl apply -f - grants it")

            let printed = try await scene.run("rbac", "DEV", ["--named"])
            try await scene.plane.kubectl(["apply", "--filename=-"], input: printed.output)
            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.token(expirationSeconds: 4 * 3600)
            scene.descry.plant(token)
            let after = try await scene.run(
                "doctor", "DEV", ["-o", "json", "--token-file", try account.tokenFile(token)])
            #expect(after.exitCode == 0, "\(after)")
        }
    }
}
