import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What canaries rest on: which pods a partition keeps, and that two Deployments side by side keep to their own.
    static let canaries: [Case] = [
        Case("a canary that is taken back: the template reverted while the partition stands") { ns in
            let old = try await ns.running("web", replicas: 3)
            let others = try await ns.uids(.pods, ["web-0", "web-1"])
            let patched = try await ns.roll("web", to: Manifest.better, partition: 2)
            try await ns.partlyRolledOut(patched, updated: 1)
            let reverted = try await ns.roll("web", to: Manifest.good, partition: 2)
            // The revision is the old one again, and all pods are of it: the controller completes nothing, for nothing is open.
            let last = try await ns.rolledOut(.statefulSets, "web", from: reverted).last
            expectRolledOut(last, replicas: 3)
            #expect(last?["status", "updateRevision"] == old["status", "updateRevision"])
            #expect(try await ns.uids(.pods, ["web-0", "web-1"]) == others)
            #expect(try await ns.get(.pods, "web-2").podImage == Manifest.good)
        },
        Case("a pod below the partition that is deleted comes back as it was, one from it on as the new version") {
            ns in
            let old = try await ns.running("web", replicas: 2)
            let patched = try await ns.roll("web", to: Manifest.better, partition: 1)
            try await ns.partlyRolledOut(patched, updated: 1)
            for (name, image) in [("web-0", Manifest.good), ("web-1", Manifest.better)] {
                let before = try await ns.get(.pods, name).uid
                try await ns.delete(.pods, name)
                let after = try await ns.state(of: .pods, name) { $0.uid != before && $0.isReady }
                #expect(after.podImage == image)
            }
            let set = try await ns.get(.statefulSets, "web")
            #expect(set["status", "currentRevision"] == old["status", "currentRevision"])
        },
        Case("a partition that is raised again takes no pod back") { ns in
            try await ns.running("web", replicas: 2)
            _ = try await ns.rolledOut(.statefulSets, "web", from: try await ns.roll("web", to: Manifest.better))
            let pods = try await ns.uids(.pods, ["web-0", "web-1"])
            let raised = try await ns.roll("web", to: Manifest.better, partition: 1)
            // All are of the current revision, so all count as updated.
            expectRolledOut(try await ns.rolledOut(.statefulSets, "web", from: raised).last, replicas: 2)
            #expect(try await ns.uids(.pods, ["web-0", "web-1"]) == pods)
        },
        Case("a canary that cannot start is not replaced by a revert before it is deleted") { ns in
            try await ns.running("web", replicas: 2)
            try await ns.roll("web", to: .pullFails, partition: 1)
            let stuck = try await ns.state(of: .pods, "web-1") { $0.waiting() == "ImagePullBackOff" }
            let reverted = try await ns.roll("web", to: Manifest.good)
            try await ns.state(of: .statefulSets, "web") {
                $0["status", "observedGeneration"]?.integer == reverted.generation
            }
            #expect(try await ns.get(.pods, "web-1").uid == stuck.uid)
            try await ns.delete(.pods, "web-1")
            expectRolledOut(try await ns.rolledOut(.statefulSets, "web", from: reverted).last, replicas: 2)
        },
        Case("two Deployments of which one selects a part of the other's labels keep to their own pods") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 2))
            _ = try await ns.rolledOut(made)
            let original = try await ns.names(.pods)
            let canary = try await ns.create(.deployments, Manifest.canary(of: "web", Manifest.better, replicas: 1))
            expectRolledOut(try await ns.rolledOut(canary).last, replicas: 1)
            // Neither has taken over, scaled or counted what is the other's.
            let web = try await ns.get(.deployments, "web")
            #expect(web.count("replicas") == 2 && web.count("readyReplicas") == 2)
            #expect(web["metadata", "generation"] == made["metadata", "generation"])
            let pods = try await ns.list(.pods).items
            #expect(pods.count == 3 && Set(original).isSubset(of: pods.map(\.name)))
            let sets = try await ns.list(.replicaSets).items
            #expect(sets.count == 2)
            for set in sets {
                let owner = set.name.hasPrefix("web-canary-") ? canary.uid : made.uid
                #expect(set["metadata", "ownerReferences"]?[0]?["uid"]?.string == owner)
            }
            // The original rolls, and the canary stays.
            let own = pods.map(\.name).filter { $0.hasPrefix("web-canary-") }
            expectRolledOut(
                try await ns.rolledOut(try await ns.rollDeployment("web", to: Manifest.better)).last, replicas: 2)
            #expect(try await ns.names(.pods, ["labelSelector": "descry.dev/track=canary"]) == own)
        },
        Case("a canary Deployment that is deleted takes its pods along, and no others") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 1))
            _ = try await ns.rolledOut(made)
            let original = try await ns.names(.pods)
            let canary = try await ns.create(.deployments, Manifest.canary(of: "web", Manifest.better, replicas: 1))
            _ = try await ns.rolledOut(canary)
            let version = try await ns.list(.pods).resourceVersion
            let wrong: JSONValue = ["preconditions": ["uid": "another"], "propagationPolicy": "Background"]
            #expect(try await ns.delete(.deployments, "web-canary", options: wrong).status == 409)
            let right: JSONValue = ["preconditions": ["uid": .string(canary.uid)], "propagationPolicy": "Background"]
            #expect(try await ns.delete(.deployments, "web-canary", options: right).status == 200)
            #expect(try await ns.api.get(ns.path(.deployments, "web-canary")).status == 404)
            let gone = try await ns.api.watch(ns.path(.pods), ["resourceVersion": version]) { events in
                while let event = try await events.next() {
                    if event.type == "DELETED" { return event.name }
                }
                return ""
            }
            #expect(gone.hasPrefix("web-canary-"))
            #expect(try await ns.names(.pods) == original)
            #expect(try await ns.get(.deployments, "web").count("readyReplicas") == 1)
        },
        Case("creating and deleting Deployments are rights of their own") { ns in
            _ = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 0))
            let reader = try await ns.account(
                "reader", rules: [PolicyRule(["get", "patch"], ["deployments"])])
            let canary = Manifest.canary(of: "web", Manifest.better, replicas: 0)
            #expect(try await reader.send(.post, ns.path(.deployments), body: canary).status == 403)
            #expect(try await reader.send(.delete, ns.path(.deployments, "web")).status == 403)
            let deployer = try await ns.account(
                "deployer",
                rules: [
                    PolicyRule(["create"], ["deployments"]),
                    PolicyRule(["get", "delete"], ["deployments"], names: ["web-canary"]),
                ])
            #expect(try await deployer.send(.post, ns.path(.deployments), body: canary).status == 201)
            #expect(try await deployer.send(.post, ns.path(.deployments), body: canary).status == 409)
            #expect(try await deployer.send(.delete, ns.path(.deployments, "web")).status == 403)
            #expect(try await deployer.send(.delete, ns.path(.deployments, "web-canary")).status == 200)
        },
    ]
}

extension Manifest {
    /// A Deployment beside another, whose pods have the other's labels and one more.
    fileprivate static func canary(of name: String, _ image: String, replicas: Int) -> JSONValue {
        var object = workload(.deployments, "\(name)-canary", image: image, replicas: replicas)
        object["spec", "selector", "matchLabels"] = ["app": .string(name), "descry.dev/track": "canary"]
        object["spec", "template", "metadata", "labels"] = ["app": .string(name), "descry.dev/track": "canary"]
        return object
    }
}

extension ConformanceNamespace {
    /// Waits until a StatefulSet with a partition is where the controller leaves it.
    @discardableResult
    fileprivate func partlyRolledOut(_ set: JSONValue, updated: Int) async throws -> JSONValue {
        try await state(of: .statefulSets, set.name) {
            $0["status", "observedGeneration"]?.integer == set.generation && $0.count("updatedReplicas") == updated
                && $0.count("readyReplicas") == $0["spec", "replicas"]?.integer
        }
    }

    fileprivate func uids(_ resource: Resource, _ names: [String]) async throws -> [String] {
        var uids: [String] = []
        for name in names { uids.append(try await get(resource, name).uid) }
        return uids
    }
}

extension JSONValue {
    /// Of a pod.
    fileprivate var podImage: String? { self["spec", "containers"]?[0]?["image"]?.string }
}
