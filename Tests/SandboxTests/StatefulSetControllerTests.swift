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
}
