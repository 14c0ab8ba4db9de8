import Kubernetes
import Logging
import Reporting
import Synchronization
import TestServers

@testable import Reconciling
@testable import Sandbox

/// A sandbox with the template of a check, and a token that may do what `descry rbac` prints for one.
struct VerifyScene: Sendable {
    static let commit = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"

    let sandbox: Sandbox
    let cluster: KubernetesClient
    let environment: Reconciling.Environment

    /// - Parameters:
    ///   - fate: of the check's container; nil for no template at all.
    ///   - denied: `VERB RESOURCE` of the rights that the token has not.
    static func run(
        _ fate: TestServers.Fate?, spec: [String: JSONValue] = [:], denied: Set<String> = [],
        podDelay: Duration = .milliseconds(20), _ body: (VerifyScene) async throws -> Void
    ) async throws {
        try await Sandbox.run(.init(podDelay: podDelay)) { sandbox in
            try sandbox.createNamespace("shop")
            if let fate { try sandbox.create(cronJob(fate, spec), namespace: "shop") }
            let rights = [
                ("get", "batch", "cronjobs"), ("get", "batch", "jobs"), ("create", "batch", "jobs"),
                ("delete", "batch", "jobs"), ("get", "", "pods/log"), ("list", "", "pods"),
            ]
            let deployer = sandbox.account(
                "deployer", namespace: "shop",
                rules: rights.filter { !denied.contains("\($0.0) \($0.2)") }.map {
                    .init(verbs: [$0.0], group: $0.1, resources: [$0.2])
                })
            let settings = """
                environment: DEV
                repository: /srv/git/deployments.git
                namespace: shop
                registry: registry.example.com/shop
                """
            let environment = try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
            let folder = try TemporaryFolder()
            let path = try folder.write("kubeconfig", sandbox.kubeconfig(for: deployer))
            let client = KubernetesClient(
                configuration: try .kubeconfig(paths: [path]), options: ClientOptions(version: "0.0.0-test"),
                logger: TestOutput.logger)
            let result: Result<Void, any Error>
            do {
                result = .success(
                    try await body(VerifyScene(sandbox: sandbox, cluster: client, environment: environment)))
            } catch { result = .failure(error) }
            try await client.close()
            try result.get()
        }
    }

    static func image(_ fate: TestServers.Fate) -> String { "registry.example.com/checks/smoke:\(fate.version())" }

    /// A Job's specification, with labels of its own.
    static func jobSpec(_ fate: TestServers.Fate, _ spec: [String: JSONValue] = [:]) -> JSONValue {
        var job: JSONValue = ["backoffLimit": 0]
        job["template", "metadata", "labels"] = ["part": "checks"]
        job["template", "spec", "restartPolicy"] = "Never"
        job["template", "spec", "terminationGracePeriodSeconds"] = 0
        job["template", "spec", "containers"] = [["name": "smoke", "image": .string(image(fate))]]
        for (field, value) in spec { job[field] = value }
        return job
    }

    static func cronJob(
        _ fate: TestServers.Fate, _ spec: [String: JSONValue] = [:], name: String = "smoke"
    ) -> JSONValue {
        var object: JSONValue = ["apiVersion": "batch/v1", "kind": "CronJob", "metadata": ["name": .string(name)]]
        object["spec"] = ["schedule": "0 0 31 2 *", "suspend": true]
        object["spec", "jobTemplate", "metadata", "labels"] = ["team": "shop"]
        object["spec", "jobTemplate", "spec"] = jobSpec(fate, spec)
        return object
    }

    func verify(
        timeout: Duration = .seconds(60), clock: any Clock<Duration> = ContinuousClock(), _ events: Events = Events()
    ) async throws -> VerificationReport {
        let verifier = Verifier(environment: environment, cluster: cluster, clock: clock) { events.take($0) }
        return try await verifier.run(Verify(check: .job("smoke"), timeout: timeout), commit: Self.commit)
    }

    /// What is there of a kind, as the administrator sees it.
    func objects(_ resource: APIResource) -> [JSONValue] { sandbox.store.list(resource, namespace: "shop").items }

    var jobNames: [String] { objects(.jobs).compactMap { $0["metadata", "name"]?.string } }
}

/// What a check told, to be awaited.
final class Events: Sendable {
    private let all = Mutex<[VerificationProgress.State]>([])
    private let stream = AsyncStream<VerificationProgress.State>.makeStream()

    var states: [VerificationProgress.State] { all.withLock { $0 } }

    func take(_ event: ProgressEvent) {
        guard case .verification(let progress) = event else { return }
        all.withLock { $0.append(progress.state) }
        stream.continuation.yield(progress.state)
    }

    /// The name of the Job, once it is made.
    func started() async -> String? {
        for await state in stream.stream {
            if case .started(let job) = state { return job }
        }
        return nil
    }
}
