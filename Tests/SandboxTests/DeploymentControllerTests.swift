import Testing

@testable import Sandbox

/// States that kube-controller-manager 1.20.2 was seen to reach with the same steps, and the bounds that it keeps on the way.
@Suite struct DeploymentControllerTests {
    static func text(_ deployment: JSONValue) -> String {
        let fields = [
            "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas",
            "unavailableReplicas",
        ]
        return fields.map { String(deployment["status", $0]?.integer ?? 0) }.joined(separator: " ")
    }

    private func conditions(_ cluster: ControlledCluster) -> [String] {
        (cluster[.deployments, "d"]?["status", "conditions"]?.array ?? []).map {
            "\($0["type"]?.string ?? "") \($0["status"]?.string ?? "") \($0["reason"]?.string ?? "")"
        }.sorted()
    }

    private func status(_ cluster: ControlledCluster) -> String { cluster[.deployments, "d"].map(Self.text) ?? "" }

    private func rolledOut(_ spec: [String: JSONValue] = [:]) throws -> ControlledCluster {
        var cluster = ControlledCluster()
        let deadline: [String: JSONValue] = ["progressDeadlineSeconds": 5]
        try cluster.create(.deployments, "d", replicas: 4, tag: "one", deadline.merging(spec) { $1 })
        cluster.pass(3)
        return cluster
    }

    private func tags(_ cluster: ControlledCluster) -> [String] {
        cluster.images().compactMap { $0.split(separator: " ").last.map { String($0) } }.sorted()
    }

    @Test func `a new deployment says what it does and that it is done`() throws {
        let cluster = try rolledOut()
        let texts = try cluster.sequence(.deployments, "d") { deployment in
            let progress = deployment["status", "conditions"]?.array?.first { $0["type"] == "Progressing" }
            return "\(Self.text(deployment)) \(progress?["reason"]?.string ?? "")"
        }
        #expect(
            texts.prefix(4) == [
                "0 0 0 0 0 0 ", "0 0 0 0 0 0 NewReplicaSetCreated", "1 0 0 0 0 4 NewReplicaSetCreated",
                "1 4 4 0 0 4 ReplicaSetUpdated",
            ])
        #expect(texts.last == "1 4 4 4 4 0 NewReplicaSetAvailable")
        #expect(
            conditions(cluster) == [
                "Available True MinimumReplicasAvailable", "Progressing True NewReplicaSetAvailable",
            ])
        #expect(cluster[.deployments, "d"]?["metadata", "annotations", "deployment.kubernetes.io/revision"] == "1")
        let set = try #require(cluster.store.list(.replicaSets).items.first)
        let hash = try #require(set["metadata", "labels", "pod-template-hash"]?.string)
        #expect(set["metadata", "name"]?.string == "d-\(hash)")
        #expect(set["spec", "selector", "matchLabels", "pod-template-hash"]?.string == hash)
        #expect(
            cluster.store.list(.pods).items.allSatisfy { $0["metadata", "labels", "pod-template-hash"]?.string == hash }
        )
    }

    @Test func `a rollout keeps to its surge and to its available pods`() throws {
        var cluster = try rolledOut()
        try cluster.setImage(.deployments, "d", "two")
        cluster.pass(10)
        #expect(tags(cluster) == ["two", "two", "two", "two"])
        let counts = try cluster.store.changes(since: 0).filter {
            $0.key == ControlledCluster.key(.deployments, "d") && $0.object["metadata", "generation"] == 2
        }
        #expect(counts.count > 4)
        for change in counts {
            #expect((change.object["status", "replicas"]?.integer ?? 0) <= 5)
            #expect((change.object["status", "availableReplicas"]?.integer ?? 0) >= 3)
        }
        #expect(
            cluster.events("d").contains {
                $0.hasPrefix("ScalingReplicaSet ×1 Scaled up replica set d-") && $0.hasSuffix(" to 1")
            })
    }

    @Test func `a broken rollout passes its deadline and leaves enough of the old pods, and its revert mends it`()
        throws
    {
        var cluster = try rolledOut()
        try cluster.setImage(.deployments, "d", "bad")
        cluster.pass(4)
        #expect(conditions(cluster).last == "Progressing True ReplicaSetUpdated")
        cluster.pass(10)
        #expect(status(cluster) == "2 5 2 3 3 2")
        #expect(
            conditions(cluster) == [
                "Available True MinimumReplicasAvailable", "Progressing False ProgressDeadlineExceeded",
            ])
        #expect(tags(cluster) == ["bad", "bad", "one", "one", "one"])
        try cluster.setImage(.deployments, "d", "one")
        cluster.pass(3)
        #expect(status(cluster) == "3 4 4 4 4 0")
        #expect(conditions(cluster).last == "Progressing True NewReplicaSetAvailable")
        #expect(cluster[.deployments, "d"]?["metadata", "annotations", "deployment.kubernetes.io/revision"] == "3")
    }

    @Test func `Recreate ends all old pods before it makes the first new one`() throws {
        var cluster = try rolledOut(["strategy": ["type": "Recreate"]])
        try cluster.setImage(.deployments, "d", "two")
        cluster.pass(5)
        #expect(tags(cluster) == ["two", "two", "two", "two"])
        var old: Set<ObjectKey> = []
        for change in try cluster.store.changes(since: 0) where change.key.resource == .pods {
            let image = change.object["spec", "containers"]?.array?.first?["image"]
            if change.kind == .added && image == "r.example/app:one" { old.insert(change.key) }
            if change.kind == .deleted { old.remove(change.key) }
            if change.kind == .added && image == "r.example/app:two" { #expect(old.isEmpty) }
        }
    }

    @Test func `a paused deployment is scaled but not rolled, and goes on when it is resumed`() throws {
        var cluster = try rolledOut()
        try cluster.change(.deployments, "d") { $0["spec", "paused"] = true }
        try cluster.setImage(.deployments, "d", "two")
        try cluster.scale(.deployments, "d", 6)
        cluster.pass(5)
        #expect(tags(cluster) == ["one", "one", "one", "one", "one", "one"])
        #expect(conditions(cluster).last == "Progressing Unknown DeploymentPaused")
        try cluster.change(.deployments, "d") { $0["spec", "paused"] = nil }
        cluster.pass(10)
        #expect(tags(cluster) == ["two", "two", "two", "two", "two", "two"])
        #expect(conditions(cluster).last == "Progressing True NewReplicaSetAvailable")
        try cluster.scale(.deployments, "d", 0)
        cluster.pass(5)
        #expect(status(cluster) == "6 0 0 0 0 0")
    }

    @Test func `scaling within a rollout is shared in proportion`() throws {
        var cluster = try rolledOut()
        try cluster.setImage(.deployments, "d", "unready")
        cluster.pass(2)
        try cluster.scale(.deployments, "d", 8)
        cluster.pass(2)
        let tags = tags(cluster)
        #expect(tags.count == 10)
        #expect(tags.filter { $0 == "one" }.count == 6)
    }

    @Test func `what is not ready for long enough is not available`() throws {
        var cluster = try rolledOut(["minReadySeconds": 60, "progressDeadlineSeconds": 600])
        #expect(status(cluster) == "1 4 4 4 0 4")
        cluster.pass(61)
        #expect(status(cluster) == "1 4 4 4 4 0")
    }
}
