import Testing

@testable import Sandbox

/// Deletion of what does not go at once: pods on a node, namespaces, and what others own or are owned by.
@Suite struct DeletingTests {
    private let store = ObjectStore()
    private var writer: Writer { Writer(store: store) }
    private let pod = ObjectKey(resource: .pods, namespace: "shop", name: "web-0")
    private let set = ObjectKey(resource: .statefulSets, namespace: "shop", name: "web")

    /// Rows: pod's fields, options, the grace period that it gets; nil where it is gone at once.
    @Test(
        arguments: [
            (spec: ["nodeName": "n"], phase: "Running", options: nil, grace: 30),
            (spec: ["nodeName": "n", "terminationGracePeriodSeconds": 5], phase: "Running", options: nil, grace: 5),
            (spec: ["nodeName": "n"], phase: "Running", options: ["gracePeriodSeconds": 2], grace: 2),
            (spec: ["nodeName": "n"], phase: "Running", options: ["gracePeriodSeconds": 0], grace: nil),
            (spec: ["nodeName": "n"], phase: "Succeeded", options: nil, grace: nil),
            (spec: [:], phase: "Pending", options: nil, grace: nil),
        ] as [(spec: JSONValue, phase: String, options: JSONValue?, grace: Int?)])
    func `a pod on a node has its grace period`(
        _ row: (spec: JSONValue, phase: String, options: JSONValue?, grace: Int?)
    ) throws {
        try store.create(pod, ["spec": row.spec, "status": ["phase": .string(row.phase)]])
        let answer = try writer.delete(pod, options: row.options)
        #expect(answer["kind"] == "Pod")
        #expect((store[pod] == nil) == (row.grace == nil))
        #expect(store[pod]?["metadata", "deletionGracePeriodSeconds"]?.integer == row.grace)
        #expect((store[pod]?["metadata", "deletionTimestamp"] != nil) == (row.grace != nil))
    }

    @Test func `a second deletion can only make the pod go sooner`() throws {
        try store.create(pod, ["spec": ["nodeName": "n"], "status": ["phase": "Running"]])
        _ = try writer.delete(pod, options: nil)
        let version = store.resourceVersion
        _ = try writer.delete(pod, options: ["gracePeriodSeconds": 60])
        #expect(store.resourceVersion == version)
        _ = try writer.delete(pod, options: ["gracePeriodSeconds": 1])
        #expect(store[pod]?["metadata", "deletionGracePeriodSeconds"] == 1)
    }

    @Test func `a namespace is left to its controller, and takes nothing new meanwhile`() throws {
        let namespace = ObjectKey(resource: .namespaces, namespace: "", name: "shop")
        _ = try writer.perform(
            WriteRequest(operation: .create, key: namespace, body: ["metadata": ["name": "shop"]]))
        #expect(store[namespace]?["status", "phase"] == "Active")
        _ = try writer.delete(namespace, options: nil)
        #expect(store[namespace]?["status", "phase"] == "Terminating")
        let map = ObjectKey(resource: .configMaps, namespace: "shop", name: "a")
        let refusal = #expect(throws: StatusError.self) {
            try writer.perform(WriteRequest(operation: .create, key: map, body: ["metadata": ["name": "a"]]))
        }
        #expect(refusal?.code == 403)
        #expect(refusal?.causes.map(\.reason) == ["NamespaceTerminating"])
    }

    @Test func `what is orphaned is owned by nobody`() throws {
        let owner = try store.create(set, ["spec": [:]])
        let reference: JSONValue = ["kind": "StatefulSet", "name": "web", "uid": owner["metadata", "uid"] ?? .null]
        try store.create(pod, ["metadata": ["ownerReferences": [reference]]])
        _ = try writer.delete(set, options: ["propagationPolicy": "Orphan"])
        #expect(store[set] == nil)
        #expect(store[pod] != nil)
        #expect(store[pod]?["metadata", "ownerReferences"] == nil)
    }

    @Test func `what the sandbox cannot do is refused`() throws {
        try store.create(set, ["spec": [:]])
        let refusal = #expect(throws: StatusError.self) {
            try writer.delete(set, options: ["propagationPolicy": "Foreground"])
        }
        #expect(refusal?.code == 501)
        #expect(store[set] != nil)
    }
}
