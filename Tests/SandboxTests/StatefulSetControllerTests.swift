import Testing

@testable import Sandbox

/// Each sequence was recorded from kube-controller-manager 1.20.2: generation, observed generation, replicas, then ready,
/// current and updated replicas and the hashes of the current and the wanted revision.
@Suite struct StatefulSetControllerTests {
    static let one = "b588cd5df"
    static let two = "5d946bd579"
    static let bad = "7f74554f46"

    static func text(_ set: JSONValue) -> String {
        func count(_ field: String) -> Int { set["status", field]?.integer ?? 0 }
        func hash(_ field: String) -> String {
            String(set["status", field]?.string?.split(separator: "-").last ?? "")
        }
        let counts = ["observedGeneration", "replicas", "readyReplicas", "currentReplicas", "updatedReplicas"].map {
            String(count($0))
        }
        let generation = set["metadata", "generation"]?.integer ?? 0
        return "\(generation): \(counts.joined(separator: " ")) \(hash("currentRevision")) \(hash("updateRevision"))"
    }

    private func sequence(_ cluster: ControlledCluster, from generation: Int) throws -> [String] {
        let all = try cluster.sequence(.statefulSets, "a", Self.text)
        return all.filter { ($0.split(separator: ":").first.flatMap { Int($0) } ?? 0) >= generation }
    }

    private func rolledOut(_ spec: [String: JSONValue] = [:], replicas: Int64 = 3) throws -> ControlledCluster {
        var cluster = ControlledCluster()
        try cluster.create(.statefulSets, "a", replicas: replicas, tag: "one", spec)
        cluster.pass(10)
        return cluster
    }

    @Test func `pods are made one after the other`() throws {
        let cluster = try rolledOut()
        #expect(
            try sequence(cluster, from: 1) == [
                "1: 0 0 0 0 0  ", "1: 1 1 0 1 1 \(Self.one) \(Self.one)", "1: 1 2 1 2 2 \(Self.one) \(Self.one)",
                "1: 1 3 2 3 3 \(Self.one) \(Self.one)", "1: 1 3 3 3 3 \(Self.one) \(Self.one)",
            ])
        let pod = try #require(cluster.pod("a-1"))
        #expect(
            pod["metadata", "labels"] == [
                "app": "a", "controller-revision-hash": .string("a-\(Self.one)"),
                "statefulset.kubernetes.io/pod-name": "a-1",
            ])
        #expect(pod["spec", "hostname"] == "a-1" && pod["spec", "subdomain"] == "a")
        #expect(pod["metadata", "ownerReferences"]?.array?.first?["controller"] == true)
    }

    @Test func `a rollout replaces the pods from the last to the first`() throws {
        var cluster = try rolledOut()
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(10)
        let revisions = "\(Self.one) \(Self.two)"
        #expect(
            try sequence(cluster, from: 2) == [
                "2: 1 3 3 3 3 \(Self.one) \(Self.one)", "2: 2 3 3 2 0 \(revisions)", "2: 2 3 2 2 1 \(revisions)",
                "2: 2 3 3 1 1 \(revisions)", "2: 2 3 2 1 2 \(revisions)", "2: 2 3 3 0 2 \(revisions)",
                "2: 2 3 2 0 3 \(revisions)", "2: 2 3 3 3 3 \(Self.two) \(Self.two)",
            ])
        #expect(cluster.images() == ["a-0 two", "a-1 two", "a-2 two"])
    }

    @Test func `a broken rollout stays broken when it is reverted, until its pod is deleted`() throws {
        var cluster = try rolledOut()
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(10)
        try cluster.setImage(.statefulSets, "a", "bad")
        cluster.pass(100)
        #expect(cluster.state("a-2") == "ImagePullBackOff")
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(100)
        #expect(cluster.images() == ["a-0 two", "a-1 two", "a-2 bad"])
        try cluster.deletePod("a-2")
        cluster.pass(10)
        #expect(
            try sequence(cluster, from: 3) == [
                "3: 2 3 3 3 3 \(Self.two) \(Self.two)", "3: 3 3 3 2 0 \(Self.two) \(Self.bad)",
                "3: 3 3 2 2 1 \(Self.two) \(Self.bad)", "4: 3 3 2 2 1 \(Self.two) \(Self.bad)",
                "4: 4 3 2 2 2 \(Self.two) \(Self.two)", "4: 4 3 2 3 3 \(Self.two) \(Self.two)",
                "4: 4 3 3 3 3 \(Self.two) \(Self.two)",
            ])
        #expect(cluster.images() == ["a-0 two", "a-1 two", "a-2 two"])
    }

    @Test func `scaling takes the last pods first, down to none, and back`() throws {
        var cluster = try rolledOut()
        for replicas: Int64 in [1, 0, 2] {
            try cluster.scale(.statefulSets, "a", replicas)
            cluster.pass(10)
        }
        let revisions = "\(Self.one) \(Self.one)"
        #expect(
            try sequence(cluster, from: 2) == [
                "2: 1 3 3 3 3 \(revisions)", "2: 2 3 3 2 2 \(revisions)", "2: 2 2 2 1 1 \(revisions)",
                "2: 2 1 1 1 1 \(revisions)", "3: 2 1 1 1 1 \(revisions)", "3: 3 1 1 0 0 \(revisions)",
                "3: 3 0 0 0 0 \(revisions)", "4: 3 0 0 0 0 \(revisions)", "4: 4 1 0 1 1 \(revisions)",
                "4: 4 2 1 2 2 \(revisions)", "4: 4 2 2 2 2 \(revisions)",
            ])
    }

    @Test func `Parallel makes all pods at once, and its reverted rollout mends itself`() throws {
        var cluster = try rolledOut(["podManagementPolicy": "Parallel"])
        let revisions = "\(Self.one) \(Self.one)"
        #expect(try sequence(cluster, from: 1).prefix(2) == ["1: 0 0 0 0 0  ", "1: 1 3 0 3 3 \(revisions)"])
        try cluster.setImage(.statefulSets, "a", "bad")
        cluster.pass(10)
        #expect(cluster.images() == ["a-0 one", "a-1 one", "a-2 bad"])
        try cluster.setImage(.statefulSets, "a", "one")
        cluster.pass(10)
        #expect(cluster.images() == ["a-0 one", "a-1 one", "a-2 one"])
        #expect(
            try sequence(cluster, from: 3) == [
                "3: 2 3 2 2 1 \(Self.one) \(Self.bad)", "3: 3 3 2 1 2 \(revisions)", "3: 3 3 2 2 2 \(revisions)",
                "3: 3 3 2 3 3 \(revisions)", "3: 3 3 3 3 3 \(revisions)",
            ])
    }

    @Test func `pods below the partition keep their revision, also when they are made again`() throws {
        var cluster = try rolledOut(["updateStrategy": ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]]])
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(10)
        #expect(try sequence(cluster, from: 1).last == "2: 2 3 3 2 1 \(Self.one) \(Self.two)")
        try cluster.deletePod("a-0")
        cluster.pass(10)
        #expect(cluster.images() == ["a-0 one", "a-1 one", "a-2 two"])
    }

    @Test func `OnDelete leaves it to others to delete the old pods`() throws {
        var cluster = try rolledOut(["updateStrategy": ["type": "OnDelete"]])
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(10)
        #expect(cluster.images() == ["a-0 one", "a-1 one", "a-2 one"])
        try cluster.deletePod("a-1")
        cluster.pass(10)
        #expect(cluster.images() == ["a-0 one", "a-1 two", "a-2 one"])
        #expect(try sequence(cluster, from: 1).last == "2: 2 3 3 2 1 \(Self.one) \(Self.two)")
    }

    @Test func `revisions that nothing runs any more are kept up to the limit`() throws {
        var cluster = try rolledOut(["revisionHistoryLimit": 2], replicas: 1)
        for tag in ["2", "3", "4", "5"] {
            try cluster.setImage(.statefulSets, "a", tag)
            cluster.pass(5)
        }
        #expect(cluster.store.list(.controllerRevisions).items.count == 3)
    }

    @Test func `a set whose fields were left out gets their defaults`() throws {
        var cluster = ControlledCluster()
        let template: JSONValue = ["spec": ["containers": [["name": "app", "image": "r.example/app:one"]]]]
        try cluster.store.create(ControlledCluster.key(.statefulSets, "a"), ["spec": ["template": template]])
        cluster.pass(5)
        #expect(cluster[.statefulSets, "a"]?["status", "readyReplicas"] == 1)
    }

    @Test func `what was done is told as events, counted`() throws {
        var cluster = try rolledOut(replicas: 1)
        try cluster.setImage(.statefulSets, "a", "two")
        cluster.pass(10)
        #expect(
            cluster.events("a") == [
                "SuccessfulCreate ×2 create Pod a-0 in StatefulSet a successful",
                "SuccessfulDelete ×1 delete Pod a-0 in StatefulSet a successful",
            ])
    }
}
