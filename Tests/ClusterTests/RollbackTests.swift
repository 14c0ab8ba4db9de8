import FoundationEssentials
import TestServers
import Testing

/// One descriptor commit is one transaction: when an app fails, all that the pass changed goes back, and is proven back.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct RollbackTests {
    typealias Scene = DeploymentScene

    /// The failing app at each position of three waves, of which some were proven before, some run beside it and some were not
    /// started.
    @Test(arguments: 0..<4)
    func `every app goes back, whichever fails`(position: Int) async throws {
        let names = ["first", "second", "beside", "third"]
        let after = ["", ", after: [first]", ", after: [first]", ", after: [second, beside]"]
        try await Scene.run(names.map { Scene.workload($0, replicas: 2) }) { scene in
            let apps = zip(names, after).enumerated().map { index, app in
                (app.0, (index == position ? Fate.pullFails.version("1.1.0") : Scene.second) + app.1)
            }
            let run = try await scene.deploy(apps)
            #expect(run.exitCode == 3, "\(run)")
            let report = try run.pass()
            #expect(report.outcome == "rolledBack")
            for (index, name) in names.enumerated() {
                let isStarted = index <= position || (position == 1 && index == 2)
                let expected = index == position ? "failed" : isStarted ? "rolledBack" : "notStarted"
                #expect(report[name]?.outcome == expected, "\(name)")
                #expect(report[name]?.rollback?.outcome == (isStarted ? "proven" : nil), "\(name)")
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(Scene.first)")
                try await scene.namespace.rolledOut("statefulset/\(name)", timeoutSeconds: 60)
            }
            #expect(report[names[position]]?.failure?.code == "image-pull")
            #expect(run.errors.contains("DEV rolled back: 1 failed"))
        }
    }

    /// The branch goes back, too, and what it says then is what runs already.
    @Test func `with revert the branch goes back by a commit`() async throws {
        try await Scene.run(["backend", "frontend"].map { Scene.workload($0) }) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: revert}"])
            let good = try await scene.deploy([("backend", Scene.second), ("frontend", Scene.first)])
            #expect(good.exitCode == 0, "\(good)")
            let before = try await scene.repository.git("show", "DEV:deploy-descriptor.yaml")
            let run = try await scene.deploy([
                ("backend", Fate.runs.version("1.2.0")), ("frontend", Fate.pullFails.version("1.1.0")),
            ])
            #expect(run.exitCode == 3, "\(run)")
            #expect(try await scene.repository.git("show", "DEV:deploy-descriptor.yaml") == before)
            let message = try await scene.repository.git("log", "-1", "--format=%B", "DEV")
            #expect(message.contains("\nReverts: \(try await scene.repository.tip(of: "DEV~1"))\n"), "\(message)")
            #expect(message.contains("\nReason: image-pull\n"), "\(message)")
            let next = try await scene.apply()
            #expect(next.exitCode == 0, "\(next)")
            #expect(try next.pass().outcome == "unchanged")
        }
    }

    /// The failing app in the first, a middle and the last of five waves. Since everything is as before afterwards, one scene does
    /// for all of them.
    @Test func `all of fifty apps go back, whichever wave fails`() async throws {
        let names = (0..<50).map { "app-\($0)" }
        try await Scene.run(names.map { Scene.workload($0) }, isReady: false) { scene in
            try await Self.allReady(scene, names.count)
            let running = Set(names.map { "\(Scene.registry)/\($0):\(Scene.first)" })
            for position in [3, 25, 49] {
                let apps = names.enumerated().map { index, name in
                    let version = index == position ? Fate.pullFails.version("1.1.0") : Scene.second
                    return (name, version + (index < 10 ? "" : ", after: [app-\(index - 10)]"))
                }
                let run = try await scene.deploy(apps)
                #expect(run.exitCode == 3, "\(run)")
                let report = try run.pass()
                #expect(report["app-\(position)"]?.failure?.code == "image-pull")
                for (index, name) in names.enumerated() {
                    let isStarted = report[name]?.outcome != "notStarted"
                    #expect((report[name]?.rollback?.outcome == "proven") == isStarted, "\(name) of \(position)")
                    let isBehind = index > position && (index - position).isMultiple(of: 10)
                    if isBehind { #expect(!isStarted, "\(name) of \(position)") }
                }
                let images = try await scene.namespace.kubectl([
                    "get", "statefulsets", "--output=jsonpath={.items[*].spec.template.spec.containers[0].image}",
                ])
                #expect(Set(images.split(separator: " ").map(String.init)) == running)
                try await Self.allReady(scene, names.count)
            }
        }
    }

    /// One watch for all of them: a `kubectl` for each takes longer than the deployment.
    private static func allReady(_ scene: Scene, _ count: Int) async throws {
        let path = #"--output=jsonpath={.metadata.name} {.status.readyReplicas}{"\n"}"#
        let words = ["--namespace=\(scene.namespace.name)", "get", "statefulsets", "--watch", path]
        var ready: Set<String> = []
        _ = try await scene.plane.kubectl(words) { line in
            if line.hasSuffix(" 1") { ready.insert(line) }
            return ready.count == count
        }
        #expect(ready.count == count)
    }

    /// Annotations that Descry had written before come back with the images, and the order is the reverse of the waves'.
    @Test func `what ran before is what the workload says again`() async throws {
        try await Scene.run(["backend", "frontend"].map { Scene.workload($0) }) { scene in
            let good = try await scene.deploy(
                ("backend", Scene.second), ("frontend", "\(Scene.second), after: [backend]"))
            #expect(good.exitCode == 0, "\(good)")
            let version = #".metadata.annotations['descry\.dev/version']"#
            let commit = #".metadata.annotations['descry\.dev/commit']"#
            let before = try await scene.field("statefulset/backend", commit)
            let bad = try await scene.deploy(
                ("backend", Fate.runs.version("1.2.0")),
                ("frontend", "\(Fate.crashes.version("1.2.0")), after: [backend]"))
            #expect(bad.exitCode == 4, "frontend has crashed, so its pod stays: \(bad)")
            #expect(try await scene.field("statefulset/backend", version) == Scene.second)
            #expect(try await scene.field("statefulset/backend", commit) == before)
            let report = try bad.pass()
            #expect(report["backend"]?.rollback?.outcome == "proven")
            #expect(report["frontend"]?.rollback?.outcome == "failed")
            #expect(report["frontend"]?.rollback?.failure?.code == "blocked-by-stuck-pod")
            #expect(try await scene.patched().suffix(2) == ["frontend", "backend"])
        }
    }

    /// The pod that could not pull would block the StatefulSet for ever, also after the revert of its template.
    @Test func `a pod that never started is replaced`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 3)]) { scene in
            let run = try await scene.deploy(("backend", Fate.pullFails.version("1.1.0")))
            #expect(run.exitCode == 3, "\(run)")
            let report = try run.pass()
            #expect(report["backend"]?.notes.contains { $0.hasPrefix("replaced the stuck pod backend-2 ") } == true)
            let deleted = try await scene.writes().filter { $0.verb == "delete" }
            #expect(deleted.map { $0.objectRef?.name } == ["backend-2"])
        }
    }

    @Test func `with always a crashed pod is replaced too`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)]) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, replaceStuckPods: always}"])
            let run = try await scene.deploy(("backend", Fate.crashes.version("1.1.0")))
            #expect(run.exitCode == 3, "\(run)")
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.first)")
        }
    }

    @Test func `a token that may not delete pods leaves the pod, and says how to go on`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)], rules: PolicyRule.smallest) { scene in
            let run = try await scene.deploy(("backend", Fate.pullFails.version("1.1.0")))
            #expect(run.exitCode == 4, "\(run)")
            let failure = try #require(try run.pass()["backend"]?.rollback?.failure)
            #expect(failure.code == "blocked-by-stuck-pod")
            #expect(failure.message.hasSuffix("the token may not delete it"))
            let hint = try #require(failure.hint)
            #expect(hint.hasPrefix("kubectl -n \(scene.namespace.name) delete pod backend-1;"))
            #expect(hint.contains("`descry rbac DEV`"))
            #expect(try await scene.image("statefulset/backend") == "\(Scene.registry)/backend:\(Scene.first)")
        }
    }

    /// A new commit with a good version must get a stuck StatefulSet going without anybody's help.
    @Test func `a fix goes past the pod that the broken version left`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)]) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: stop}"])
            let broken = try await scene.deploy(("backend", Fate.pullFails.version("1.1.0")))
            #expect(broken.exitCode == 4, "\(broken)")
            let fixed = try await scene.deploy(("backend", Fate.runs.version("1.1.1")))
            #expect(fixed.exitCode == 0, "\(fixed)")
            let report = try fixed.pass()
            #expect(report["backend"]?.pods == .init(replicas: 2, updated: 2, ready: 2))
            #expect(report["backend"]?.notes.contains { $0.hasPrefix("replaced the stuck pod backend-1 ") } == true)
        }
    }

    /// Deployments keep their old pods until the new ones are ready, so the way back is short.
    @Test func `a Deployment goes back`() async throws {
        let rules = [
            PolicyRule(["get", "list", "watch", "patch"], ["deployments"]),
            PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
        ]
        try await Scene.run([Scene.workload("web", kind: "Deployment", replicas: 3)], rules: rules) { scene in
            let run = try await scene.deploy(("web", "\(Fate.pullFails.version("1.1.0")), kind: Deployment"))
            #expect(run.exitCode == 3, "\(run)")
            #expect(try await scene.image("deployment/web") == "\(Scene.registry)/web:\(Scene.first)")
            try await scene.namespace.rolledOut("deployment/web", timeoutSeconds: 60)
        }
    }

    /// What somebody had set, and Descry had to change for the rollout, is as they had set it.
    @Test(arguments: [
        ("  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 2}}", "RollingUpdate2"),
        ("  updateStrategy: {type: OnDelete}", "OnDelete"),
    ])
    func `the update strategy goes back`(spec: String, expected: String) async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2, spec: spec)], isReady: false) { scene in
            let run = try await scene.deploy(("backend", Fate.pullFails.version("1.1.0")))
            #expect(run.exitCode == 3, "\(run)")
            let strategy = try await scene.field(
                "statefulset/backend",
                ".spec.updateStrategy.type}{.spec.updateStrategy.rollingUpdate.partition")
            #expect(strategy == expected)
        }
    }
}
