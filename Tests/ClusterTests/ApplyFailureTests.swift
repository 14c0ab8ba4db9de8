import FoundationEssentials
import TestServers
import Testing

/// Rollouts that fail. The timeout is a minute or more and a run may take less: it has to end by what the container says.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ApplyFailureTests {
    typealias Scene = DeploymentScene

    /// Each way to fail that a kubelet tells, with Descry's code and the container's own reason and message.
    @Test(arguments: [
        (Fate.pullFails, "image-pull", "ImagePull", "not found"),
        (.configIsMissing, "config-error", "CreateContainerConfigError", "secret \"backend-config\" not found"),
        (.entryPointIsMissing, "run-error", "", "exec: \"/app\": stat /app: no such file or directory"),
        (.outOfMemory, "oom-killed", "OOMKilled", ""),
        (.crashes, "crash-loop", "CrashLoopBackOff", "exit code 1"),
    ])
    func `a broken version is reported in the container's own words`(
        _ fate: Fate, code: String, reason: String, words: String
    ) async throws {
        let workloads = [Scene.workload("backend", replicas: 2), Scene.workload("frontend")]
        try await Scene.run(workloads) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 10m, onFailure: stop}"])
            let file = scene.folder.path + "/report.xml"
            let run = try await scene.deploy(
                ("backend", fate.version("1.1.0")), ("frontend", "\(Scene.second), after: [backend]"),
                arguments: ["--junit", file])
            #expect(run.exitCode == 4, "\(run)")
            let report = try run.pass()
            #expect(report.outcome == "failed")
            #expect(report.outcomes == ["backend": "failed", "frontend": "notStarted"])
            let failure = try #require(report["backend"]?.failure)
            #expect(failure.code == code)
            #expect(failure.pod == "backend-1")
            #expect(failure.container == "backend")
            #expect(failure.reason?.contains(reason) == true, "\(failure)")
            #expect(failure.message.contains(words), "\(failure)")

            // What runs where: the broken pod, and the one that was not touched.
            let running = try #require(report["backend"]?.running)
            #expect(running.contains { $0.hasPrefix("backend-1: ") && $0.contains(fate.version("1.1.0")) })
            #expect(running.contains { $0.hasPrefix("backend-0: ") && $0.contains(Scene.first) })

            #expect(run.errors.contains("backend (statefulset/backend): \(code): pod backend-1, container backend"))
            #expect(run.errors.contains("DEV failed: 1 failed, 1 not started"))
            let xml = try String(contentsOfFile: file, encoding: .utf8)
            #expect(xml.contains(#"tests="2" failures="1" errors="0" skipped="1""#), "\(xml)")
            #expect(xml.contains(#"<failure type="\#(code)""#))

            // The next wave was not started.
            #expect(try await scene.patched() == ["backend"])
            #expect(try await scene.image("statefulset/frontend") == "\(Scene.registry)/frontend:\(Scene.first)")
        }
    }

    @Test func `a StatefulSet that was stuck before is told apart from a broken version`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, replaceStuckPods: never}"])
            let broken = "\(Scene.registry)/backend:\(Fate.pullFails.version("1.0.1"))"
            try await scene.namespace.kubectl(["set", "image", "statefulset/backend", "backend=\(broken)"])
            let reason = #"--output=jsonpath={.status.containerStatuses[0].state.waiting.reason}{"\n"}"#
            _ = try await scene.plane.kubectl(
                ["--namespace=\(scene.namespace.name)", "get", "pod", "backend-0", "--watch", reason],
                until: { $0 == "ImagePullBackOff" })
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 4, "\(run)")
            let failure = try #require(try run.pass()["backend"]?.failure)
            #expect(failure.code == "blocked-by-stuck-pod")
            #expect(failure.pod == "backend-0")
            #expect(failure.hint?.contains("delete pod backend-0") == true, "\(failure)")
        }
    }

    @Test func `with onFailure continue only what comes after the failed app is left out`() async throws {
        let names = ["bad", "good", "after-bad", "after-good"]
        try await Scene.run(names.map { Scene.workload($0) }) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: continue}"])
            let run = try await scene.deploy(
                ("bad", Fate.pullFails.version("1.1.0")), ("good", Scene.second),
                ("after-bad", "\(Scene.second), after: [bad]"), ("after-good", "\(Scene.second), after: [good]"))
            #expect(run.exitCode == 4, "\(run)")
            let outcomes = try run.pass().outcomes
            #expect(
                outcomes == ["bad": "failed", "good": "proven", "after-bad": "notStarted", "after-good": "proven"])
            #expect(try await Set(scene.patched()) == ["bad", "good", "after-good"])
        }
    }

    @Test func `a pod that never gets ready fails at the timeout`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            let run = try await scene.deploy(
                ("backend", Fate.neverReady.version("1.1.0")), arguments: ["--timeout", "3s"])
            #expect(run.exitCode == 4, "\(run)")
            let failure = try #require(try run.pass()["backend"]?.failure)
            #expect(failure.code == "timed-out")
            #expect(failure.message.contains("3s") || failure.message.contains("3 s"), "\(failure)")
        }
    }
}
