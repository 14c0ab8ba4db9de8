import Testing

@testable import Sandbox

/// What goes with its owner or its namespace, and in which order.
@Suite struct GarbageCollectionTests {
    private func running() throws -> ControlledCluster {
        var cluster = ControlledCluster()
        try cluster.create(.statefulSets, "a", replicas: 2, tag: "one")
        try cluster.create(.deployments, "d", replicas: 2, tag: "one")
        cluster.pass(5)
        return cluster
    }

    private func count(_ cluster: ControlledCluster, _ resources: APIResource...) -> Int {
        resources.reduce(0) { $0 + cluster.store.list($1, namespace: "shop").items.count }
    }

    @Test func `what a deleted workload owned goes with it, through all generations`() throws {
        var cluster = try running()
        #expect(count(cluster, .pods) == 4)
        try cluster.store.remove(ControlledCluster.key(.deployments, "d"))
        cluster.pass(5)
        #expect(count(cluster, .replicaSets) == 0 && count(cluster, .pods) == 2)
        try cluster.store.remove(ControlledCluster.key(.statefulSets, "a"))
        cluster.pass(5)
        #expect(count(cluster, .pods, .controllerRevisions) == 0)
    }

    @Test(arguments: [true, false]) func `a deleted namespace takes all that is in it`(isMarked: Bool) throws {
        var cluster = try running()
        let namespace = ObjectKey(resource: .namespaces, namespace: "", name: "shop")
        try cluster.store.create(namespace, ["status": ["phase": "Active"]])
        try cluster.store.create(ObjectKey(resource: .configMaps, namespace: "other", name: "x"), [:])
        cluster.pass(1)
        if isMarked {
            try cluster.store.update(namespace) { $0["metadata", "deletionTimestamp"] = "2027-01-01T00:00:00Z" }
        } else {
            try cluster.store.remove(namespace)
        }
        cluster.pass(5)
        #expect(cluster.store[namespace] == nil)
        for resource in APIResource.all { #expect(count(cluster, resource) == 0) }
        #expect(cluster.store.list(.configMaps).items.count == 1)
    }
}
