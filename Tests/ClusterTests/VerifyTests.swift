import Kubernetes
import Reporting
import TestServers
import Testing

@testable import Reconciling

/// The check by a Job on a real API server, with the very rights that `descry rbac` prints.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct VerifyTests {
    typealias Scene = DeploymentScene
    private static let commit = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"

    /// A scene whose token has what `descry rbac` prints for the check, and the check's template with that image.
    private func withScene(
        _ fate: Fate?, _ body: @Sendable (Scene, _ token: String, Reconciling.Environment) async throws -> Void
    ) async throws {
        try await Scene.run([Scene.workload("backend")], rules: []) { scene in
            try await scene.commit(("backend", Scene.first))
            try scene.environment("DEV", replacing: ["verify": "{job: smoke, timeout: 1m}"])
            let printed = try await scene.run("rbac", "DEV")
            #expect(printed.exitCode == 0, "\(printed)")
            try await scene.plane.kubectl(["apply", "--filename=-"], input: printed.output)
            if let fate { try await scene.namespace.apply(Self.cronJob(fate)) }
            let account = TestAccount(namespace: scene.namespace, name: "descry-dev")
            let token = try await account.token(expirationSeconds: 4 * 3600)
            scene.descry.plant(token)
            let environment = try Self.environment(scene)
            try await body(scene, token, environment)
        }
    }

    private static func environment(_ scene: Scene) throws -> Reconciling.Environment {
        let settings = """
            environment: DEV
            repository: "\(scene.repository.path)"
            namespace: \(scene.namespace.name)
            registry: \(Scene.registry)
            verify: {job: smoke, timeout: 1m}
            """
        return try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
    }

    /// The template of a check, in the API version that Kubernetes 1.20 serves.
    static func cronJob(_ fate: Fate) -> String {
        """
        apiVersion: batch/v1beta1
        kind: CronJob
        metadata: {name: smoke}
        spec:
          suspend: true
          schedule: "0 0 31 2 *"
          jobTemplate:
            metadata: {labels: {team: shop}}
            spec:
              backoffLimit: 0
              template:
                spec:
                  restartPolicy: Never
                  terminationGracePeriodSeconds: 0
                  containers: [{name: smoke, image: "registry.example.com/smoke:\(fate.version())"}]
        """
    }

    private func verify(_ scene: Scene, _ token: String, _ environment: Reconciling.Environment) async throws
        -> VerificationReport
    {
        try await scene.plane.withClient(token: token) { cluster in
            let verify = try #require(environment.verify)
            return try await Verifier(environment: environment, cluster: cluster).run(verify, commit: Self.commit)
        }
    }

    @Test func `a Job that succeeds: passed, with its log, and doctor finds nothing wrong`() async throws {
        try await withScene(.runs) { scene, token, environment in
            let report = try await verify(scene, token, environment)
            #expect(report.outcome == .passed, "\(report)")
            #expect(report.log?.last == "smoke: done")
            let job = "job/\(report.job ?? "")"
            #expect(try await scene.field(job, ".metadata.labels.team") == "shop")
            #expect(try await scene.field(job, ".metadata.labels.app\\.kubernetes\\.io/managed-by") == "descry")
            #expect(try await scene.field(job, ".metadata.annotations.descry\\.dev/commit") == Self.commit)
            #expect(try await scene.field(job, ".metadata.managedFields[0].manager") == "descry")
            let access = ["--token-file", try scene.account.tokenFile(token)]
            let doctor = try await scene.run("doctor", "DEV", ["-o", "json"] + access)
            #expect(doctor.exitCode == 0, "\(doctor)")
            let checks = try doctor.decoded(as: ReportedHealth.self).checks
            #expect(checks.last?.name == "verify" && checks.last?.result == "ok", "\(doctor)")
        }
    }

    @Test func `a Job that fails: with its log, and it stays`() async throws {
        try await withScene(.crashes) { scene, token, environment in
            let report = try await verify(scene, token, environment)
            #expect(report.failure?.code == "verify-failed", "\(report)")
            #expect(report.failure?.reason == "BackoffLimitExceeded")
            #expect(report.log?.last == "smoke: error: exit code 1")
            #expect(try await scene.field("job/\(report.job ?? "")", ".status.failed") == "1")
        }
    }

    @Test func `a pod that cannot start: the container's words, and the Job is gone`() async throws {
        try await withScene(.pullFails) { scene, token, environment in
            let report = try await verify(scene, token, environment)
            #expect(report.failure?.code == "verify-failed", "\(report)")
            #expect(report.failure?.reason == "ImagePullBackOff")
            #expect(report.failure?.message.contains("its log could not be read") == true)
            #expect(try await scene.namespace.kubectl(["get", "jobs", "--output=name"]) == "")
        }
    }

    @Test func `no template: missing, and so says doctor`() async throws {
        try await withScene(nil) { scene, token, environment in
            #expect(try await verify(scene, token, environment).failure?.code == "verify-missing")
            let access = ["--token-file", try scene.account.tokenFile(token)]
            let doctor = try await scene.run("doctor", "DEV", ["-o", "json"] + access)
            #expect(doctor.exitCode == 78, "\(doctor)")
            #expect(try doctor.decoded(as: ReportedHealth.self).checks("failed").map(\.name) == ["verify"])
        }
    }

    /// A token from before the check was set: it may do everything else.
    @Test func `without the rights: forbidden, and doctor names them`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.first))
            let doctor = try await scene.run("doctor", "DEV", ["-o", "json", "--verify-job", "smoke"])
            #expect(doctor.exitCode == 77, "\(doctor)")
            let health = try doctor.decoded(as: ReportedHealth.self)
            let failed = health.checks("failed").map(\.message).joined(separator: "\n")
            for right in ["get cronjobs", "get jobs", "create jobs"] { #expect(failed.contains(right), "\(failed)") }
            let warned = health.checks("warning").map(\.message).joined(separator: "\n")
            for right in ["delete jobs", "get pods/log"] { #expect(warned.contains(right), "\(warned)") }
            #expect(try await scene.writes().isEmpty)
        }
    }
}
