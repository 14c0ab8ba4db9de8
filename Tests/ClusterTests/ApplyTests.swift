import TestServers
import Testing

/// `descry apply` on rollouts that go well, by the token of a Jenkins stage.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct ApplyTests {
    typealias Scene = DeploymentScene

    @Test func `a new version is proven, and a second pass has nothing to do`() async throws {
        let workloads = [Scene.workload("backend", replicas: 2), Scene.workload("frontend")]
        try await Scene.run(workloads) { scene in
            let run = try await scene.deploy(("backend", Scene.second), ("frontend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            let commit = try await scene.repository.tip(of: "DEV")
            #expect(report.outcome == "proven")
            #expect(report.commit?.id == commit)
            #expect(report.outcomes == ["backend": "proven", "frontend": "proven"])
            #expect(report["backend"]?.from == Scene.first)
            #expect(report["backend"]?.to == Scene.second)
            #expect(report["backend"]?.pods == .init(replicas: 2, updated: 2, ready: 2))

            let object = "statefulset/backend"
            #expect(try await scene.image(object) == "\(Scene.registry)/backend:\(Scene.second)")
            for (name, value) in [
                ("descry\\.dev/environment", "DEV"), ("descry\\.dev/version", Scene.second),
                ("descry\\.dev/commit", commit),
                ("kubernetes\\.io/change-cause", "\(Scene.second) for DEV by descry, commit \(commit.prefix(12))"),
            ] {
                #expect(try await scene.field(object, ".metadata.annotations.\(name)") == value)
            }
            #expect(try await scene.field(object, ".spec.updateStrategy.rollingUpdate.partition") == "0")
            #expect(try await scene.field(object, ".spec.replicas") == "2")
            // The pods' template is as it was, but for the image.
            #expect(
                try await scene.field(object, ".spec.template.metadata")
                    == #"{"creationTimestamp":null,"labels":{"app":"backend"}}"#)
            let owned = try await scene.field(object, #".metadata.managedFields[?(@.manager=="descry")].fieldsV1"#)
            #expect(owned == Self.ownedFields)

            let before = try await scene.namespace.requests(by: scene.account).count
            let again = try await scene.apply()
            #expect(again.exitCode == 0, "\(again)")
            #expect(try again.pass().outcomes == ["backend": "unchanged", "frontend": "unchanged"])
            let requests = try await scene.namespace.requests(by: scene.account).dropFirst(before).filter {
                $0.objectRef?.resource != "leases"  // the lock: taken and given back
            }
            // The workloads, and the history, which may have to be ended for a pass that was killed.
            #expect(requests.map(\.verb) == ["list", "get"])
            #expect(requests.first?.userAgent?.hasPrefix("descry/") == true)
        }
    }

    /// What docs/design.md lets the field manager `descry` own, and nothing else: no replicas.
    private static let ownedFields =
        #"{"f:metadata":{"f:annotations":{"f:descry.dev/commit":{},"f:descry.dev/environment":{},"#
        + #""f:descry.dev/version":{},"f:kubernetes.io/change-cause":{}}},"#
        + #""f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"backend\"}":{".":{},"f:image":{},"f:name":{}}}}},"#
        + #""f:updateStrategy":{"f:rollingUpdate":{"f:partition":{}},"f:type":{}}}}"#

    @Test func `Deployments and DaemonSets are proven as well`() async throws {
        let rules = [
            PolicyRule(["get", "list", "watch", "patch"], ["deployments", "daemonsets"]),
            PolicyRule(["get", "list", "watch"], apiGroup: "", ["pods"]),
        ]
        let workloads = [
            Scene.workload("web", kind: "Deployment", replicas: 2), Scene.workload("agent", kind: "DaemonSet"),
        ]
        try await Scene.run(workloads, rules: rules) { scene in
            let run = try await scene.deploy(
                ("web", "\(Scene.second), kind: Deployment"), ("agent", "\(Scene.second), kind: DaemonSet"))
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(report.outcomes == ["web": "proven", "agent": "proven"])
            #expect(report["web"]?.workload == "deployment/web")
            #expect(report["web"]?.pods == .init(replicas: 2, updated: 2, ready: 2))
            #expect(report["agent"]?.pods == .init(replicas: 1, updated: 1, ready: 1))
            #expect(try await scene.image("deployment/web") == "\(Scene.registry)/web:\(Scene.second)")
            #expect(try await scene.image("daemonset/agent") == "\(Scene.registry)/agent:\(Scene.second)")
        }
    }

    @Test func `every container that the descriptor lists runs the image, and no other`() async throws {
        let image = "\(Scene.registry)/shop:\(Scene.first)"
        let workload = """
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: {name: shop}
            spec:
              serviceName: shop
              replicas: 1
              selector: {matchLabels: {app: shop}}
              template:
                metadata: {labels: {app: shop}}
                spec:
                  terminationGracePeriodSeconds: 0
                  initContainers: [{name: migrate, image: "\(image)"}]
                  containers: [{name: server, image: "\(image)"}, {name: worker, image: "\(image)"}, {name: proxy, image: "proxy:1"}]
            """
        try await Scene.run([workload]) { scene in
            let run = try await scene.deploy(("shop", "\(Scene.second), container: [server, worker, migrate]"))
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass()["shop"]?.outcome == "proven")
            let images = try await scene.field(
                "statefulset/shop", ".spec.template.spec['initContainers','containers'][*].image")
            let new = "\(Scene.registry)/shop:\(Scene.second)"
            #expect(images.split(separator: " ").map(String.init) == [new, new, new, "proxy:1"])
        }
    }

    /// What differs from the descriptor beside the version, or without it. Each is put right and named by its reason.
    @Test(arguments: [
        // Built elsewhere: the same version from the environment's registry.
        (
            "registry", Scene.workload("app", image: "old.example.com/shop/app:\(Scene.second)"), Scene.second,
            "registry"
        ),
        // The descriptor names the image's path, which replaces REGISTRY/NAME.
        ("image", Scene.workload("app"), "\(Scene.second), image: other.example.com/deep/path", "version"),
        // With a partition left in place only some pods would be replaced.
        (
            "partition",
            Scene.workload(
                "app", replicas: 2, spec: "  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}"),
            Scene.second, "partition"
        ),
        // With OnDelete none would be.
        ("strategy", Scene.workload("app", spec: "  updateStrategy: {type: OnDelete}"), Scene.second, "strategy"),
        // No pods: proven once the controller has seen it.
        ("scale", Scene.workload("app", replicas: 0), Scene.second, "version"),
    ])
    func `what is not as described is put right`(
        _ name: String, workload: String, version: String, reason: String
    ) async throws {
        try await Scene.run([workload], isReady: name != "strategy") { scene in
            let run = try await scene.deploy(("app", version))
            #expect(run.exitCode == 0, "\(run)")
            let app = try #require(try run.pass()["app"])
            #expect(app.outcome == "proven")
            #expect(app.changes.map(\.reason).contains(reason))
            let repository = name == "image" ? "other.example.com/deep/path" : "\(Scene.registry)/app"
            #expect(try await scene.image("statefulset/app") == "\(repository):\(Scene.second)")
            let strategy = try await scene.field("statefulset/app", ".spec.updateStrategy")
            #expect(strategy == #"{"rollingUpdate":{"partition":0},"type":"RollingUpdate"}"#)
            // What the pods run, not what the template says.
            let pods = try await scene.namespace.kubectl([
                "get", "pods", "--output=jsonpath={.items[*].spec.containers[0].image}",
            ])
            #expect(pods.split(separator: " ").allSatisfy { $0 == "\(repository):\(Scene.second)" })
            let note = [
                "registry": "it will be replaced by one of", "image": "it will be replaced by one of",
                "scale": "is scaled to 0",
            ][name]
            if let note { #expect(app.notes.contains { $0.contains(note) }, "\(app.notes)") }
        }
    }

    @Test func `waves go in the order of after, each once the one before is proven`() async throws {
        let names = ["database", "backend", "frontend"]
        try await Scene.run(names.map { Scene.workload($0) }) { scene in
            let run = try await scene.deploy(
                ("frontend", "\(Scene.second), after: [backend]"), ("backend", "\(Scene.second), after: [database]"),
                ("database", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            let report = try run.pass()
            #expect(names.map { report[$0]?.wave } == [1, 2, 3])
            #expect(report.apps.allSatisfy { $0.outcome == "proven" })
            #expect(try await scene.patched() == names)
        }
    }

    @Test func `as text every app's way is told in plain lines`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let run = try await scene.run("apply", "DEV")
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("backend: 1.0.0-rc-c0ffee0 → 1.1.0-rc-c0ffee0: proven in "))
            #expect(run.output.contains("DEV proven: 1 proven in "))
            #expect(!run.output.contains("\u{1B}"))
            #expect(run.errors.isEmpty)
        }
    }
}
