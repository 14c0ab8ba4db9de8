import Sandbox
import TestServers
import Testing

extension Conformance {
    /// What the Deployment controller does, as Descry and `kubectl rollout status` read it.
    static let deploymentRollouts: [Case] = [
        Case("a Deployment's pods belong to a ReplicaSet that is named after the template's hash") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 2))
            let deployment = try await ns.rolledOut(made).last
            expectRolledOut(deployment, replicas: 2)
            #expect(deployment?["status", "availableReplicas"] == 2)
            #expect(deployment?["metadata", "annotations", "deployment.kubernetes.io/revision"] == "1")
            let set = try #require(try await ns.list(.replicaSets).items.first)
            let hash = try #require(set["metadata", "labels", "pod-template-hash"]?.string)
            #expect(set.name == "web-\(hash)")
            #expect(set["metadata", "ownerReferences"]?[0]?["uid"]?.string == made.uid)
            #expect(set["metadata", "annotations", "deployment.kubernetes.io/revision"] == "1")
            #expect(set["metadata", "annotations", "deployment.kubernetes.io/desired-replicas"] == "2")
            #expect(set["spec", "selector", "matchLabels", "pod-template-hash"]?.string == hash)
            let pods = try await ns.list(.pods, ["labelSelector": "pod-template-hash=\(hash)"]).items
            #expect(pods.count == 2)
            #expect(pods.allSatisfy { $0.name.hasPrefix("\(set.name)-") })
            #expect(pods.allSatisfy { $0["metadata", "ownerReferences"]?[0]?["uid"]?.string == set.uid })
        },
        Case("conditions tell that it is available and why it progresses") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 1))
            let deployment = try await ns.state(of: .deployments, made.name) {
                $0.condition("Progressing")?["reason"] == "NewReplicaSetAvailable"
                    && $0.condition("Available")?["status"] == "True"
            }
            let set = try #require(try await ns.list(.replicaSets).items.first).name
            let progressing = deployment.condition("Progressing")
            #expect(progressing?["status"] == "True")
            #expect(progressing?["message"]?.string == "ReplicaSet \"\(set)\" has successfully progressed.")
            #expect(deployment.condition("Available")?["reason"] == "MinimumReplicasAvailable")
            #expect(deployment.condition("Available")?["message"] == "Deployment has minimum availability.")
        },
        Case("a rollout stays within maxSurge and maxUnavailable, and scales the old ReplicaSet to 0") { ns in
            let strategy: JSONValue = ["rollingUpdate": ["maxSurge": 1, "maxUnavailable": 1]]
            let made = try await ns.create(
                .deployments, Manifest.workload(.deployments, "web", replicas: 4, spec: ["strategy": strategy]))
            _ = try await ns.rolledOut(made)
            let patched = try await ns.rollDeployment("web", to: Manifest.better)
            let states = try await ns.rolledOut(patched)
            expectRolledOut(states.last, replicas: 4)
            #expect(try await ns.mostReplicas(since: patched.resourceVersion, replicas: 4) == 5)
            for state in states {
                #expect(state.count("availableReplicas") >= 3)
            }
            #expect(states.last?["metadata", "annotations", "deployment.kubernetes.io/revision"] == "2")
            let sets = try await ns.list(.replicaSets).items
            #expect(sets.map { $0["spec", "replicas"]?.integer ?? -1 }.sorted() == [0, 4])
            let pods = try await ns.list(.pods).items.filter { $0["metadata", "deletionTimestamp"] == nil }
            #expect(
                pods.map { $0["spec", "containers"]?[0]?["image"]?.string }
                    == Array(repeating: Manifest.better, count: 4))
        },
        Case("by default a quarter may be more or fewer, rounded up and down") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 2))
            #expect(made["spec", "strategy", "type"] == "RollingUpdate")
            #expect(made["spec", "strategy", "rollingUpdate", "maxSurge"] == "25%")
            #expect(made["spec", "strategy", "rollingUpdate", "maxUnavailable"] == "25%")
            #expect(made["spec", "progressDeadlineSeconds"] == 600)
            _ = try await ns.rolledOut(made)
            let patched = try await ns.rollDeployment("web", to: Manifest.better)
            #expect(try await ns.mostReplicas(since: patched.resourceVersion, replicas: 2) == 3)
            for state in try await ns.rolledOut(patched) {
                #expect(state.count("availableReplicas") >= 2)
            }
        },
        Case("Recreate has none of the new pods while there are old ones") { ns in
            let made = try await ns.create(
                .deployments,
                Manifest.workload(.deployments, "web", replicas: 2, spec: ["strategy": ["type": "Recreate"]]))
            _ = try await ns.rolledOut(made)
            let states = try await ns.rolledOut(try await ns.rollDeployment("web", to: Manifest.better))
            expectRolledOut(states.last, replicas: 2)
            #expect(states.contains { $0.count("availableReplicas") == 0 })
        },
        Case("a bad image keeps the old pods available, and ends with the progress deadline") { ns in
            let made = try await ns.create(
                .deployments,
                Manifest.workload(.deployments, "web", replicas: 2, spec: ["progressDeadlineSeconds": 2]))
            _ = try await ns.rolledOut(made)
            let patched = try await ns.rollDeployment("web", to: Manifest.image(.pullFails))
            let states = try await ns.states(of: .deployments, "web", from: patched.resourceVersion) {
                $0.condition("Progressing")?["reason"] == "ProgressDeadlineExceeded"
            }
            let last = try #require(states.last)
            #expect(last.condition("Progressing")?["status"] == "False")
            #expect(last.condition("Progressing")?["message"]?.string?.hasSuffix("has timed out progressing.") == true)
            #expect(last.condition("Available")?["status"] == "True")
            #expect(last.count("availableReplicas") == 2)
            #expect(last.count("updatedReplicas") == 1)
            #expect(last.count("unavailableReplicas") == 1)
            #expect(states.allSatisfy { $0.count("availableReplicas") == 2 })
        },
        Case("a revert after a bad image is finished at once, with a new revision of the old ReplicaSet") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 2))
            _ = try await ns.rolledOut(made)
            let first = try await ns.names(.replicaSets)
            _ = try await ns.rollDeployment("web", to: Manifest.image(.pullFails))
            try await ns.state(of: .deployments, "web") {
                $0.count("unavailableReplicas") == 1 && $0.count("replicas") == 3
            }
            let states = try await ns.rolledOut(try await ns.rollDeployment("web", to: Manifest.good))
            expectRolledOut(states.last, replicas: 2)
            #expect(states.last?["metadata", "annotations", "deployment.kubernetes.io/revision"] == "3")
            let sets = try await ns.list(.replicaSets).items
            #expect(sets.count == 2)
            #expect(sets.first { $0["spec", "replicas"] == 2 }.map(\.name) == first.first)
        },
        Case("paused, a new template changes no pod until it is resumed") { ns in
            let made = try await ns.create(
                .deployments, Manifest.workload(.deployments, "web", spec: ["paused": true]))
            let observed = try await ns.state(of: .deployments, "web") {
                $0["status", "observedGeneration"]?.integer == made.generation
            }
            #expect(observed.count("updatedReplicas") == 0)
            #expect(try await ns.names(.replicaSets).isEmpty)
            let resumed = try await ns.patch(.deployments, "web", .merge, ["spec": ["paused": false]]).accepted()
            expectRolledOut(try await ns.rolledOut(resumed).last, replicas: 1)
        },
        Case("scaled to 0 and up again") { ns in
            let made = try await ns.create(.deployments, Manifest.workload(.deployments, "web", replicas: 2))
            _ = try await ns.rolledOut(made)
            for replicas in [0, 3] as [Int64] {
                let spec: JSONValue = ["spec": ["replicas": .integer(replicas)]]
                let scaled = try await ns.patch(.deployments, "web", .merge, spec).accepted()
                let last = try await ns.rolledOut(scaled).last
                #expect(last?.count("readyReplicas") == Int(replicas))
            }
            #expect(try await ns.names(.replicaSets).count == 1)
        },
    ]
}

extension ConformanceNamespace {
    /// Gives the container `app` of a Deployment this image.
    func rollDeployment(_ name: String, to image: String) async throws -> JSONValue {
        var body: JSONValue = [:]
        body["spec", "template", "spec", "containers"] = [Manifest.container("app", image)]
        return try await apply(.deployments, name, by: "descry", force: true, body).accepted()
    }

    /// How many replicas the ReplicaSets together were told to have at most, until the new one has all of its own.
    ///
    /// The Deployment's own `replicas` adds up statuses that may be some changes old.
    func mostReplicas(since resourceVersion: String, replicas: Int) async throws -> Int {
        let old = try await list(.replicaSets).items.first {
            $0["metadata", "annotations", "deployment.kubernetes.io/revision"] == "1"
        }
        var wanted = [old?.name: replicas]
        return try await api.watch(path(.replicaSets), ["resourceVersion": resourceVersion]) { events in
            var most = 0
            while let event = try await events.next() {
                wanted[event.name] = event.object["spec", "replicas"]?.integer ?? 0
                most = max(most, wanted.values.reduce(0, +))
                if event.name != old?.name && event.object.count("availableReplicas") == replicas { break }
            }
            return most
        }
    }

    /// The states of a Deployment from this one on, up to the one in which its rollout is finished.
    func rolledOut(_ deployment: JSONValue) async throws -> [JSONValue] {
        try await states(of: .deployments, deployment.name, from: deployment.resourceVersion) { state in
            let wanted = state["spec", "replicas"]?.integer ?? 0
            return (state["status", "observedGeneration"]?.integer ?? 0) >= (deployment.generation ?? 0)
                && state.count("updatedReplicas") == wanted && state.count("replicas") == wanted
                && state.count("availableReplicas") == wanted
        }
    }
}
