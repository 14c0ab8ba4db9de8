import Descriptors
import Kubernetes
import Logging
import Reporting
import Sandbox
import TestServers
import Testing
import Workloads

@testable import Reconciling

/// Pods asked for their health through the sandbox's API server. ClusterTests ask those of a real one.
@Suite(.timeLimit(.minutes(15))) struct HealthTests {
    private static let check = HealthCheck(path: "/health", port: 8080)

    /// A pod in the namespace shop that runs, or will.
    private static func pod(_ name: String, _ fate: Fate = .runs) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
            "spec": [
                "terminationGracePeriodSeconds": 0,
                "containers": [["name": "app", "image": .string("r.example/app:\(fate.version())")]],
            ],
        ]
    }

    private static func run(
        _ pods: [(name: String, fate: Fate)], mayAsk: Bool = true,
        _ body: (Sandbox, KubernetesClient, HealthProbe) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: .milliseconds(20))) { sandbox in
            try sandbox.createNamespace("shop")
            for (name, fate) in pods { try sandbox.create(pod(name, fate), namespace: "shop") }
            let account = sandbox.account(
                "deployer", namespace: "shop",
                rules: [.init(verbs: ["get", "list", "watch", "delete"], resources: ["pods"])]
                    + (mayAsk ? [.init(verbs: ["get"], resources: ["pods/proxy"])] : []))
            let folder = try TemporaryFolder()
            let path = try folder.write("kubeconfig", sandbox.kubeconfig(for: account))
            let client = KubernetesClient(
                configuration: try .kubeconfig(paths: [path]), options: ClientOptions(version: "0.0.0-test"),
                logger: TestOutput.logger)
            let result: Result<Void, any Error>
            do {
                for (name, _) in pods { try await ready(name, client) }
                let probe = HealthProbe(cluster: client, namespace: "shop", clock: ContinuousClock())
                result = .success(try await body(sandbox, client, probe))
            } catch { result = .failure(error) }
            try await client.close()
            try result.get()
        }
    }

    private static func ready(_ name: String, _ client: KubernetesClient) async throws {
        for try await observation in client.observePods(namespace: "shop") {
            switch observation {
            case .snapshot(let pods) where pods.contains { $0.name == name && $0.isReady }: return
            case .changed(let pod) where pod.name == name && pod.isReady: return
            default: continue
            }
        }
    }

    @Test func `pods that are well are no failure`() async throws {
        try await Self.run([("a", .runs), ("b", .runs)]) { _, _, probe in
            let failure = try await probe.failure(of: Self.check, pods: ["a", "b"], during: .zero)
            #expect(failure == nil)
        }
    }

    @Test func `one that is ready and sick is named, in its own words`() async throws {
        try await Self.run([("a", .runs), ("b", .sick)]) { _, _, probe in
            let failure = try await probe.failure(of: Self.check, pods: ["a", "b"], during: .zero)
            #expect(failure?.code == "unhealthy")
            #expect(failure?.pod == "b")
            #expect(
                failure?.message == "GET :8080/health answered 503: "
                    + #""{"healthy":false,"reason":"no connection to the database"}", 3 times in a row"#)
        }
    }

    @Test func `a text that is missing from the answer is a failure`() async throws {
        try await Self.run([("a", .runs)]) { _, _, probe in
            let check = HealthCheck(path: "/health", expect: #""role":"primary""#)
            let failure = try await probe.failure(of: check, pods: ["a"], during: .zero)
            #expect(failure?.code == "unhealthy")
        }
    }

    @Test func `without the right to ask it is said which one is missing`() async throws {
        try await Self.run([("a", .runs)], mayAsk: false) { _, _, probe in
            let failure = try await probe.failure(of: Self.check, pods: ["a"], during: .zero)
            #expect(failure?.code == "forbidden")
            #expect(failure?.message.contains("pods/proxy") == true)
            #expect(failure?.hint?.contains("descry rbac ENV --health") == true)
        }
    }

    /// A connection that breaks, and an API server that has too much to do, say nothing about the app.
    @Test func `an API server that is away for a moment is not held against the app`() async throws {
        try await Self.run([("a", .runs)]) { sandbox, _, probe in
            sandbox.faults.inject(.reset, into: .init(resource: "pods/proxy"), times: 3)
            let failure = try await probe.failure(of: Self.check, pods: ["a"], during: .zero)
            #expect(failure == nil)
            #expect(sandbox.faults.met == 3)
        }
    }

    @Test func `a pod that is gone is let go while others remain`() async throws {
        try await Self.run([("a", .runs)]) { _, _, probe in
            let failure = try await probe.failure(of: Self.check, pods: ["a", "gone"], during: .zero)
            #expect(failure == nil)
        }
    }

    /// It is there again under its name before anybody gives it up; while it starts it need not answer.
    @Test func `a pod that is made anew is asked under its name`() async throws {
        try await Self.run([("a", .runs)]) { sandbox, client, probe in
            let uid = try #require(try await client.pod("a", namespace: "shop")?.uid)
            #expect(try await client.deletePod("a", uid: uid, namespace: "shop"))
            async let failure = probe.failure(of: Self.check, pods: ["a"], during: .zero)
            for try await observation in client.observePods(namespace: "shop") {
                if case .snapshot(let pods) = observation, pods.isEmpty { break }
                if case .deleted = observation { break }
            }
            try sandbox.create(Self.pod("a"), namespace: "shop")
            #expect(try await failure == nil)
        }
    }
}
