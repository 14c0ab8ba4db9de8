import Testing

@testable import Sandbox

@Suite struct ControllersTests {
    /// With the real clock: each write wakes the controllers, each delay ends, and so do they when they are cancelled.
    @Test func `controllers act on writes until they are cancelled`() async throws {
        let store = ObjectStore()
        let key = ControlledCluster.key(.statefulSets, "a")
        let controllers = Controllers(store: store, timing: PodTiming(start: 0.001, termination: 0.001))
        let running = Task { await controllers.run() }
        let template: JSONValue = ["spec": ["containers": [["name": "app", "image": "r.example/app:one"]]]]
        let signals = store.signals()
        try store.create(key, ["spec": ["replicas": 2, "template": template]])
        for await _ in signals where store[key]?["status", "readyReplicas"] == 2 { break }
        #expect(store.list(.pods).items.count == 2)
        running.cancel()
        await running.value
    }

    /// A history that was cut behind the controllers' back: they read everything again.
    @Test func `a forgotten history is made up for`() throws {
        var cluster = ControlledCluster()
        try cluster.create(.statefulSets, "a", replicas: 2, tag: "one")
        cluster.pass(5)
        try cluster.create(.statefulSets, "b", replicas: 1, tag: "one")
        try cluster.store.remove(ControlledCluster.key(.statefulSets, "a"))
        cluster.store.compact()
        cluster.pass(5)
        #expect(cluster.images() == ["b-0 one"])
    }
}
