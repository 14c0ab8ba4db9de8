import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What the StatefulSet controller does, in the order in which Descry sees it: `Rollouts` judges by these sequences.
    static let statefulSetRollouts: [Case] = [
        Case("a StatefulSet's pods start one after the other, each when the one before is ready") { ns in
            let made = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 3))
            let sets = try await ns.rolledOut(.statefulSets, "web", from: made)
            let status = sets.last?["status"] ?? .null
            expectRolledOut(sets.last, replicas: 3)
            #expect(status["currentRevision"] == status["updateRevision"])
            #expect(status["currentRevision"]?.string?.hasPrefix("web-") == true)
            for (before, after) in zip(sets, sets.dropFirst()) {
                #expect(before.count("replicas") <= after.count("replicas"))
                #expect(before.count("readyReplicas") <= after.count("readyReplicas"))
                // Never two pods that are not ready.
                #expect(after.count("replicas") - after.count("readyReplicas") <= 1)
            }
            let pods = try await ns.list(.pods, ["labelSelector": "app=web"]).items
            #expect(pods.map(\.name) == ["web-0", "web-1", "web-2"])
            for pod in pods {
                #expect(pod["metadata", "labels", "statefulset.kubernetes.io/pod-name"]?.string == pod.name)
                #expect(pod["metadata", "labels", "controller-revision-hash"] == status["currentRevision"])
                let owner = pod["metadata", "ownerReferences"]?[0]
                #expect(owner?["uid"]?.string == made.uid)
                #expect(owner?["kind"] == "StatefulSet")
                #expect(owner?["controller"] == true)
                #expect(pod["spec", "hostname"]?.string == pod.name)
            }
            let revisions = try await ns.list(.revisions, ["labelSelector": "app=web"]).items
            #expect(revisions.map(\.name) == [status["currentRevision"]?.string])
            #expect(revisions.first?["revision"] == 1)
        },
        Case("Parallel starts all pods at once") { ns in
            let made = try await ns.create(
                .statefulSets,
                Manifest.workload(
                    .statefulSets, "web", image: Manifest.image(.neverReady), replicas: 3,
                    spec: ["podManagementPolicy": "Parallel"]))
            let states = try await ns.states(of: .statefulSets, "web", from: made.resourceVersion) {
                $0.count("replicas") == 3
            }
            #expect(states.allSatisfy { $0.count("readyReplicas") == 0 })
        },
        Case("a rollout replaces the highest ordinal first, and the next when that one is ready") { ns in
            let old = try await ns.running("web", replicas: 3)
            let pods = try await ns.list(.pods).resourceVersion
            let patched = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, Manifest.deployment(of: Manifest.better)
            ).accepted()
            #expect(patched.generation == 2)
            #expect(patched["status", "observedGeneration"] == 1)
            let sets = try await ns.rolledOut(.statefulSets, "web", from: patched)
            expectRolledOut(sets.last, replicas: 3)
            #expect(sets.last?["status", "updateRevision"] != old["status", "updateRevision"])
            for (before, after) in zip(sets, sets.dropFirst()) where after["status", "observedGeneration"] == 2 {
                #expect(before.generation != 2 || before.count("updatedReplicas") <= after.count("updatedReplicas"))
                // While it runs, both revisions are told.
                if after.count("updatedReplicas") < 3 {
                    #expect(after["status", "currentRevision"] == old["status", "currentRevision"])
                    #expect(after["status", "updateRevision"] != old["status", "updateRevision"])
                }
                #expect(after.count("readyReplicas") >= 2)
            }
            let revision = sets.last?["status", "updateRevision"]?.string ?? ""
            let order = try await ns.replacements(since: pods, count: 3)
            #expect(order == ["web-2", "web-1", "web-0"])
            #expect(try await ns.names(.pods, ["labelSelector": "controller-revision-hash=\(revision)"]).count == 3)
            let revisions = try await ns.list(.revisions, ["labelSelector": "app=web"]).items
            #expect(Set(revisions.compactMap { $0["revision"]?.integer }) == [1, 2])
        },
        Case("status fields that are zero are left out, but replicas") { ns in
            let made = try await ns.create(.statefulSets, Manifest.workload(.statefulSets, "web", replicas: 0))
            let set = try await ns.rolledOut(.statefulSets, "web", from: made).last
            #expect(set?["status", "replicas"] == 0)
            for field in ["readyReplicas", "currentReplicas", "updatedReplicas"] {
                #expect(set?["status", field] == nil, "\(field)")
            }
            #expect(set?["status", "collisionCount"] == 0)
            #expect(set?["status", "currentRevision"] == set?["status", "updateRevision"])
        },
        Case("scaled to 0 is finished once it is observed and the pods are gone, the highest ordinal first") { ns in
            try await ns.running("web", replicas: 3)
            let version = try await ns.list(.pods).resourceVersion
            let scaled = try await ns.patch(.statefulSets, "web", .merge, ["spec": ["replicas": 0]]).accepted()
            let sets = try await ns.rolledOut(.statefulSets, "web", from: scaled)
            #expect(sets.last?["status", "observedGeneration"]?.integer == scaled.generation)
            #expect(sets.last?["status", "readyReplicas"] == nil)
            let order = try await ns.api.watch(ns.path(.pods), ["resourceVersion": version]) { events in
                var gone: [String] = []
                while gone.count < 3, let event = try await events.next() {
                    if event.type == "DELETED" { gone.append(event.name) }
                }
                return gone
            }
            #expect(order == ["web-2", "web-1", "web-0"])
        },
        Case("scaled up, further pods start with the template as it is") { ns in
            try await ns.running("web", replicas: 1)
            let scaled = try await ns.patch(.statefulSets, "web", .merge, ["spec": ["replicas": 2]]).accepted()
            expectRolledOut(try await ns.rolledOut(.statefulSets, "web", from: scaled).last, replicas: 2)
            #expect(try await ns.names(.pods) == ["web-0", "web-1"])
        },
        Case("a partition holds the lower ordinals back, and its removal lets them go") { ns in
            let old = try await ns.running("web", replicas: 3)
            var held = Manifest.deployment(of: Manifest.better)
            held["spec", "updateStrategy", "rollingUpdate", "partition"] = 2
            let patched = try await ns.apply(.statefulSets, "web", by: "descry", force: true, held).accepted()
            let states = try await ns.states(of: .statefulSets, "web", from: patched.resourceVersion) {
                $0.count("updatedReplicas") == 1 && $0.count("readyReplicas") == 3
                    && $0["status", "observedGeneration"] == 2
            }
            #expect(states.last?["status", "currentRevision"] == old["status", "currentRevision"])
            #expect(states.last?["status", "currentReplicas"] == 2)
            let images = try await ns.list(.pods).items.map { $0["spec", "containers"]?[0]?["image"]?.string }
            #expect(images == [Manifest.good, Manifest.good, Manifest.better])
            let freed = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, Manifest.deployment(of: Manifest.better)
            ).accepted()
            expectRolledOut(try await ns.rolledOut(.statefulSets, "web", from: freed).last, replicas: 3)
        },
        Case("OnDelete replaces a pod only when somebody deletes it") { ns in
            try await ns.running("web", replicas: 2, spec: ["updateStrategy": ["type": "OnDelete"]])
            let image: JSONValue = [
                "spec": ["template": ["spec": ["containers": [Manifest.container("app", Manifest.better)]]]]
            ]
            let patched = try await ns.patch(.statefulSets, "web", .strategic, image).accepted()
            try await ns.state(of: .statefulSets, "web") {
                $0["status", "observedGeneration"]?.integer == patched.generation
            }
            let before = try await ns.get(.pods, "web-0")
            #expect(before["spec", "containers"]?[0]?["image"]?.string == Manifest.good)
            try await ns.delete(.pods, "web-0")
            let after = try await ns.state(of: .pods, "web-0") { $0.uid != before.uid && $0.isReady }
            #expect(after["spec", "containers"]?[0]?["image"]?.string == Manifest.better)
            #expect(try await ns.get(.pods, "web-1")["spec", "containers"]?[0]?["image"]?.string == Manifest.good)
        },
        Case("a pod that is deleted comes back under its name with another uid") { ns in
            try await ns.running("web", replicas: 1)
            let before = try await ns.get(.pods, "web-0")
            try await ns.delete(.pods, "web-0")
            let after = try await ns.state(of: .pods, "web-0") { $0.uid != before.uid && $0.isReady }
            #expect(after["spec", "containers"]?[0]?["image"]?.string == Manifest.good)
        },
        Case("annotations of the workload itself start no rollout") { ns in
            let old = try await ns.running("web", replicas: 1)
            let pod = try await ns.get(.pods, "web-0").uid
            let patched = try await ns.apply(
                .statefulSets, "web", by: "descry", ["metadata": ["annotations": ["descry.dev/version": "1"]]]
            ).accepted()
            #expect(patched.generation == old.generation)
            #expect(try await ns.get(.pods, "web-0").uid == pod)
        },
    ]
}

extension ConformanceNamespace {
    /// Creates a StatefulSet and waits until it is rolled out.
    @discardableResult
    func running(
        _ name: String, image: String = Manifest.good, replicas: Int, spec: [String: JSONValue] = [:]
    ) async throws -> JSONValue {
        let made = try await create(
            .statefulSets, Manifest.workload(.statefulSets, name, image: image, replicas: replicas, spec: spec))
        return try await rolledOut(.statefulSets, name, from: made).last ?? .null
    }

    /// The states of a workload from this one on, up to the one in which its rollout is finished: `Rollouts` asks the same.
    func rolledOut(_ resource: Resource, _ name: String, from object: JSONValue) async throws -> [JSONValue] {
        try await states(of: resource, name, from: object.resourceVersion) { state in
            let wanted = state["spec", "replicas"]?.integer ?? 0
            return (state["status", "observedGeneration"]?.integer ?? 0) >= (object.generation ?? 0)
                && state.count("updatedReplicas") == wanted && state.count("readyReplicas") == wanted
                && state.count("replicas") == wanted
                && state["status", "currentRevision"] == state["status", "updateRevision"]
        }
    }

    /// The names of the pods that were made since then, in their order.
    func replacements(since resourceVersion: String, count: Int) async throws -> [String] {
        try await api.watch(path(.pods), ["resourceVersion": resourceVersion]) { events in
            var made: [String] = []
            while made.count < count, let event = try await events.next() {
                if event.type == "ADDED" { made.append(event.name) }
            }
            return made
        }
    }
}

extension JSONValue {
    /// A number in the status; one that is left out is 0.
    func count(_ field: String) -> Int { self["status", field]?.integer ?? 0 }

    /// Of a pod: the status of a condition.
    func condition(_ type: String) -> JSONValue? { self["status", "conditions"]?.first(type, by: "type") }

    var isReady: Bool { condition("Ready")?["status"] == "True" }
}

/// Records an issue where the workload's status is not that of a finished rollout.
func expectRolledOut(_ object: JSONValue?, replicas: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    for field in ["replicas", "readyReplicas", "updatedReplicas"] {
        #expect(object?["status", field]?.integer == replicas, "\(field)", sourceLocation: sourceLocation)
    }
    #expect(
        object?["status", "observedGeneration"]?.integer == object?.generation, sourceLocation: sourceLocation)
}
