import Sandbox
import TestServers
import Testing

extension Conformance {
    /// Rollouts of StatefulSets that fail, and how they recover: kubernetes#67250.
    static let statefulSetFailures: [Case] = [
        Case("a bad image stops at the first pod, and the others keep running") { ns in
            let old = try await ns.running("web", replicas: 3)
            let patched = try await ns.roll("web", to: .pullFails)
            let pod = try await ns.state(of: .pods, "web-2") { $0.waiting() == "ImagePullBackOff" }
            #expect(pod.isReady == false)
            let set = try await ns.state(of: .statefulSets, "web") {
                $0.count("updatedReplicas") == 1 && $0.count("readyReplicas") == 2
            }
            #expect(set["status", "observedGeneration"]?.integer == patched.generation)
            #expect(set["status", "currentRevision"] == old["status", "currentRevision"])
            #expect(set["status", "currentReplicas"] == 2)
            #expect(set["status", "conditions"] == nil)
            let images = try await ns.list(.pods).items.map { $0["spec", "containers"]?[0]?["image"]?.string }
            #expect(images == [Manifest.good, Manifest.good, Manifest.image(.pullFails)])
        },
        Case("the stuck pod stays when the template is reverted, and goes on once somebody deletes it") { ns in
            let old = try await ns.running("web", replicas: 2)
            try await ns.roll("web", to: .pullFails)
            let stuck = try await ns.state(of: .pods, "web-1") { $0.waiting() == "ImagePullBackOff" }
            let reverted = try await ns.roll("web", to: .runs)
            #expect(reverted.image() == Manifest.good)
            // The revert is observed, and is of the old revision again; but the pod that was never ready is not replaced.
            let observed = try await ns.state(of: .statefulSets, "web") {
                $0["status", "observedGeneration"]?.integer == reverted.generation
            }
            #expect(observed["status", "updateRevision"] == old["status", "updateRevision"])
            #expect(observed.count("readyReplicas") == 1)
            // Another pass of the controller changes nothing, and makes no further pod either.
            let scaled = try await ns.patch(.statefulSets, "web", .merge, ["spec": ["replicas": 3]]).accepted()
            try await ns.state(of: .statefulSets, "web") {
                $0["status", "observedGeneration"]?.integer == $0.generation
            }
            #expect(try await ns.names(.pods) == ["web-0", "web-1"])
            #expect(try await ns.get(.pods, "web-1").uid == stuck.uid)
            try await ns.delete(.pods, "web-1", options: ["preconditions": ["uid": .string(stuck.uid)]])
            let set = try await ns.rolledOut(.statefulSets, "web", from: scaled).last
            expectRolledOut(set, replicas: 3)
            let pod = try await ns.get(.pods, "web-1")
            #expect(pod.uid != stuck.uid)
            #expect(pod["metadata", "labels", "controller-revision-hash"] == old["status", "currentRevision"])
        },
        Case("a third version after a stuck one does not start either before the pod is deleted") { ns in
            try await ns.running("web", replicas: 2)
            try await ns.roll("web", to: .crashes)
            let stuck = try await ns.state(of: .pods, "web-1") { $0.waiting() == "CrashLoopBackOff" }
            let better = try await ns.apply(
                .statefulSets, "web", by: "descry", force: true, Manifest.deployment(of: Manifest.better)
            ).accepted()
            try await ns.state(of: .statefulSets, "web") {
                $0["status", "observedGeneration"]?.integer == better.generation
            }
            #expect(try await ns.get(.pods, "web-1").uid == stuck.uid)
            try await ns.delete(.pods, "web-1")
            let set = try await ns.rolledOut(.statefulSets, "web", from: better).last
            expectRolledOut(set, replicas: 2)
        },
        Case("Parallel replaces one pod at a time in a rollout too") { ns in
            try await ns.running("web", replicas: 3, spec: ["podManagementPolicy": "Parallel"])
            try await ns.roll("web", to: .pullFails)
            try await ns.state(of: .pods, "web-2") { $0.waiting() == "ImagePullBackOff" }
            let set = try await ns.get(.statefulSets, "web")
            #expect(set.count("readyReplicas") == 2)
            #expect(set.count("updatedReplicas") <= 1)
        },
        Case("a pod that gets ready late holds the rollout up, and it finishes by itself") { ns in
            try await ns.running("web", replicas: 2)
            let patched = try await ns.roll("web", to: .readyLate)
            let sets = try await ns.rolledOut(.statefulSets, "web", from: patched)
            expectRolledOut(sets.last, replicas: 2)
            #expect(sets.contains { $0.count("updatedReplicas") == 1 && $0.count("readyReplicas") == 1 })
        },
        Case("a new StatefulSet whose first pod never gets ready has no second one") { ns in
            try await ns.create(
                .statefulSets,
                Manifest.workload(.statefulSets, "web", image: Manifest.image(.configIsMissing), replicas: 3))
            try await ns.state(of: .pods, "web-0") { $0.waiting() == "CreateContainerConfigError" }
            let set = try await ns.get(.statefulSets, "web")
            #expect(set.count("replicas") == 1)
            #expect(set["status", "readyReplicas"] == nil)
        },
    ]
}

extension ConformanceNamespace {
    /// Applies an image with this fate to the container `app`, as Descry does.
    @discardableResult
    func roll(_ name: String, to fate: Fate, partition: Int64 = 0) async throws -> JSONValue {
        try await roll(name, to: Manifest.image(fate), partition: partition)
    }

    func roll(_ name: String, to image: String, partition: Int64 = 0) async throws -> JSONValue {
        var body = Manifest.deployment(of: image)
        body["spec", "updateStrategy", "rollingUpdate", "partition"] = .integer(partition)
        return try await apply(.statefulSets, name, by: "descry", force: true, body).accepted()
    }
}

extension JSONValue {
    /// Of a pod: why a container waits; nil where it does not.
    func waiting(_ container: String = "app") -> String? {
        containerStatus(container)?["state", "waiting", "reason"]?.string
    }

    func containerStatus(_ container: String = "app") -> JSONValue? {
        self["status", "containerStatuses"]?.first(container)
    }
}
