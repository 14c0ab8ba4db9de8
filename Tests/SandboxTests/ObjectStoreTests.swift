import Testing

@testable import Sandbox

/// The store's promises that everything else rests on: atomic writes, one sequence of resource versions, a bounded history.
@Suite struct ObjectStoreTests {
    private let key = ObjectKey(resource: .configMaps, namespace: "shop", name: "a")

    @Test func `a write that changes nothing is none`() throws {
        let store = ObjectStore()
        let created = try store.create(key, ["data": ["x": "1"]])
        let same = try store.update(key) { $0["data", "x"] = "1" }
        #expect(same == created)
        #expect(try store.changes(since: 0).map(\.kind) == [.added])
    }

    @Test func `the generation counts changes of the spec alone`() throws {
        let store = ObjectStore()
        let set = ObjectKey(resource: .statefulSets, namespace: "shop", name: "a")
        try store.create(set, ["spec": ["replicas": 1]])
        let labelled = try store.update(set) { $0["metadata", "labels", "x"] = "1" }
        #expect(labelled["metadata", "generation"] == 1)
        let scaled = try store.update(set) { $0["spec", "replicas"] = 2 }
        #expect(scaled["metadata", "generation"] == 2)
        #expect(scaled["metadata", "resourceVersion"]?.string == String(store.resourceVersion))
    }

    @Test func `a history that was compacted cannot be resumed`() throws {
        let store = ObjectStore()
        try store.create(key, [:])
        let before = store.resourceVersion
        try store.remove(key)
        store.compact()
        #expect(throws: StatusError.self) { try store.changes(since: before) }
        #expect(try store.changes(since: store.resourceVersion).isEmpty)
        #expect(store[key] == nil)
    }
}
