import TestServers
import Testing

/// Others who write in the middle of a deployment; SyncTests have more of them on the sandbox.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct RivalTests {
    typealias Scene = DeploymentScene

    /// As a HorizontalPodAutoscaler writes, forward and on the way back.
    @Test(arguments: [(Fate.readyLate, Int32(0)), (.pullFails, 3)])
    func `replicas that somebody else changes meanwhile are left to whom they belong`(
        fate: Fate, exitCode: Int32
    ) async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)]) { scene in
            try await scene.commit(("backend", fate.version("1.1.0")))
            async let pass = scene.apply()
            for count in 0..<9 {
                try await scene.namespace.kubectl([
                    "scale", "statefulset/backend", "--replicas=\(count.isMultiple(of: 2) ? 3 : 2)",
                ])
            }
            let run = try await pass
            #expect(run.exitCode == exitCode, "\(run)")
            #expect(try await scene.field("statefulset/backend", ".spec.replicas") == "3")
            try await scene.namespace.rolledOut("statefulset/backend")
            let kept = exitCode == 0 ? fate.version("1.1.0") : Scene.first
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(kept)")
        }
    }

    @Test func `an image that somebody sets meanwhile is left alone, and the others go back`() async throws {
        let names = ["first", "backend"]
        try await Scene.run(names.map { Scene.workload($0, replicas: 2) }) { scene in
            try await scene.commit(
                ("first", Scene.second), ("backend", "\(Fate.readyLate.version("1.1.0")), after: [first]"))
            async let pass = scene.apply()
            try await scene.until("backend", ".status.updatedReplicas", is: "1")
            let hotfix = "\(Scene.registry)/backend:hotfix"
            try await scene.namespace.kubectl(["set", "image", "statefulset/backend", "backend=\(hotfix)"])
            let run = try await pass
            #expect(run.exitCode == 4, "\(run)")
            let report = try run.pass()
            #expect(report["backend"]?.failure?.code == "superseded")
            #expect(report["backend"]?.rollback?.failure?.code == "superseded")
            #expect(report["first"]?.rollback?.outcome == "proven")
            #expect(try await scene.image("statefulset/backend") == hotfix)
            #expect(try await scene.image("statefulset/first") == "\(Scene.registry)/first:\(Scene.first)")
            try await scene.namespace.rolledOut("statefulset/first", "statefulset/backend")
        }
    }

    @Test func `a workload that is deleted and created again is not touched, and the others go back`() async throws {
        try await Scene.run(["first", "backend"].map { Scene.workload($0, replicas: 2) }) { scene in
            try await scene.commit(
                ("first", Scene.second), ("backend", "\(Fate.neverReady.version("1.1.0")), after: [first]"))
            async let pass = scene.apply()
            try await scene.until("backend", ".status.updatedReplicas", is: "1")
            try await scene.namespace.kubectl(["delete", "statefulset/backend"])
            try await scene.namespace.kubectl(
                ["create", "--validate=false", "--filename=-"], input: Scene.workload("backend", replicas: 2))
            let run = try await pass
            #expect(run.exitCode == 4, "\(run)")
            let report = try run.pass()
            #expect(["deleted", "replaced"].contains(report["backend"]?.failure?.code), "\(run)")
            #expect(report["backend"]?.rollback?.failure?.code == "deleted")
            #expect(report["first"]?.rollback?.outcome == "proven")
            #expect(
                try await scene.field("statefulset/backend", #".metadata.annotations['descry\.dev/version']"#) == "")
            let later = try await scene.deploy(("first", Scene.second), ("backend", Scene.second))
            #expect(later.exitCode == 0, "\(later)")
        }
    }

    /// The workloads go, and with them the token's rights, in whatever order: the pass ends, and says so.
    @Test func `a namespace that is being deleted ends the pass`() async throws {
        try await Scene.run(["first", "backend"].map { Scene.workload($0, replicas: 2) }) { scene in
            try await scene.commit(
                ("first", Scene.second), ("backend", "\(Fate.neverReady.version("1.1.0")), after: [first]"))
            async let pass = scene.apply("--timeout", "5m")
            try await scene.until("backend", ".status.updatedReplicas", is: "1")
            try await scene.namespace.kubectl(["delete", "namespace", scene.namespace.name, "--wait=false"])
            let run = try await pass
            #expect(run.exitCode == 4, "\(run)")
            let report = try run.pass()
            #expect(report.outcome == "failed")
            let code = report["backend"]?.failure?.code ?? ""
            #expect(["deleted", "forbidden", "unauthorized", "not-found"].contains(code), "\(run)")
            #expect(report.apps.allSatisfy { $0.rollback.map { $0.outcome == "failed" } ?? true }, "\(run)")
        }
    }
}

extension DeploymentScene {
    /// Waits, by watching, until a field of a StatefulSet has this value.
    func until(_ name: String, _ path: String, is value: String) async throws {
        try await until(name, path) { $0 == value }
    }

    /// - Parameter isReached: is given the field's value whenever the StatefulSet changes.
    func until(_ name: String, _ path: String, _ isReached: (String) -> Bool) async throws {
        let output = #"--output=jsonpath={\#(path)}{"\n"}"#
        _ = try await plane.kubectl(
            ["--namespace=\(namespace.name)", "get", "statefulset", name, "--watch", output], until: isReached)
    }
}
