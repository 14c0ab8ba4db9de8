import TestServers
import Testing

/// Tokens that may do less than Descry would like, or nothing at all here.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ScopedAccessTests {
    typealias Scene = DeploymentScene

    @Test func `the same token is refused in another namespace, and plan and doctor say so`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            try await scene.plane.withNamespace("other") { other in
                try await other.apply(Scene.workload("backend", replicas: 0))
                for command in ["apply", "plan"] {
                    let run = try await scene.run(command, "DEV", ["-o", "json", "--namespace", other.name])
                    #expect(run.exitCode == 77, "\(run)")
                    let failure = try run.failure()
                    #expect(failure.error.code == "forbidden")
                    #expect(failure.error.message.contains("statefulsets"), "\(failure)")
                    #expect(failure.error.message.contains(other.name), "\(failure)")
                    #expect(failure.error.hint?.contains("descry rbac") == true)
                }
                let doctor = try await scene.run("doctor", "DEV", ["-o", "json", "--namespace", other.name])
                #expect(doctor.exitCode == 77, "\(doctor)")
                let failed = try doctor.decoded(as: ReportedHealth.self).checks("failed")
                #expect(failed.contains { $0.message.contains("may not patch statefulsets") }, "\(failed)")
                #expect(failed.contains { $0.hint?.contains("descry rbac DEV") == true })
                #expect(try await other.writes(by: scene.account).isEmpty)
                #expect(
                    try await other.kubectl(["get", "statefulset/backend", "--output=jsonpath={.metadata.generation}"])
                        == "1")
            }
            #expect(try await scene.writes().isEmpty)
        }
    }

    @Test func `a Role that names its workloads is enough: they are read by name and polled`() async throws {
        let rules = [
            PolicyRule(["get", "patch"], ["statefulsets"], names: ["backend", "frontend"]),
            PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
            PolicyRule(["get", "patch"], apiGroup: "", ["configmaps"], names: ["descry-dev"]),
            PolicyRule(["create"], apiGroup: "", ["events"]),
            PolicyRule(["get", "patch"], apiGroup: "coordination.k8s.io", ["leases"], names: ["descry-dev"]),
            PolicyRule(["create"], apiGroup: "coordination.k8s.io", ["leases"]),
        ]
        try await Scene.run([Scene.workload("backend"), Scene.workload("frontend")], rules: rules) { scene in
            try await scene.namespace.kubectl(["create", "configmap", "descry-dev"])
            let run = try await scene.deploy(("backend", Scene.second), ("frontend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(report.outcomes == ["backend": "proven", "frontend": "proven"])
            #expect(report.notes.count == 1, "\(report.notes)")
            #expect(report.notes.first?.contains("may not list statefulsets") == true)
            // Said once, for reading and for polling.
            #expect(
                run.errors.split(separator: "\n").filter { $0.contains("reading each by name") }.count == 1
            )
            let verbs = try await Set(
                scene.namespace.requests(by: scene.account).filter { $0.responseStatus?.code == 200 }.map {
                    "\($0.verb) \($0.objectRef?.resource ?? "")"
                })
            #expect(
                verbs == [
                    "get statefulsets", "patch statefulsets", "list pods", "watch pods", "get configmaps",
                    "patch configmaps", "patch leases",
                ])

            let failing = try await scene.deploy(
                ("backend", Fate.pullFails.version("1.2.0")), ("frontend", Scene.second))
            #expect(failing.exitCode == 4, "\(failing)")
            #expect(try failing.pass()["backend"]?.failure?.code == "image-pull")
        }
    }

    @Test func `without the right to read pods a rollout is proven by its own status`() async throws {
        let rules = [PolicyRule(["get", "list", "watch", "patch"], ["statefulsets"])]
        try await Scene.run([Scene.workload("backend", replicas: 2)], rules: rules) { scene in
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            let app = try #require(try run.pass()["backend"])
            #expect(app.outcome == "proven")
            #expect(
                app.notes.contains("proven by the workload's own status; its pods could not be read"), "\(app.notes)")
            #expect(run.errors.contains("the token may not list and watch pods"))
        }
    }

    @Test func `a token that may only read is told which right is missing`() async throws {
        let rules = [
            PolicyRule(["get", "list", "watch"], ["statefulsets"]),
            PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
        ]
        try await Scene.run([Scene.workload("backend")], rules: rules) { scene in
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 77, "\(run)")
            let failure = try #require(try run.pass()["backend"]?.failure)
            #expect(failure.code == "forbidden")
            #expect(failure.message.contains("cannot patch resource \"statefulsets\""), "\(failure)")
            #expect(failure.hint?.contains("descry rbac") == true)
            #expect(try await scene.field("statefulset/backend", ".metadata.generation") == "1")
        }
    }
}
