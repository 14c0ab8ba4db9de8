import FoundationEssentials

/// What a controller works with during one turn: the store, the time, and the writes that all controllers share.
struct ControllerContext {
    let store: ObjectStore
    let now: Date
    let owned: OwnedObjects

    var stamp: JSONValue { .string(Timestamp.text(now)) }

    /// The objects of a resource whose controller is the one with that uid, by name.
    func objects(_ resource: APIResource, controlledBy uid: String) -> [JSONValue] {
        owned[uid].filter { $0.resource == resource }.compactMap { store[$0] }.filter { object in
            (object["metadata", "ownerReferences"]?.array ?? []).contains {
                $0["controller"]?.bool == true && $0["uid"]?.string == uid
            }
        }
    }

    func pods(controlledBy uid: String) -> [Pod] { objects(.pods, controlledBy: uid).map(Pod.init) }

    /// `ownerReferences` of what that object creates.
    func ownerReferences(_ owner: JSONValue) -> JSONValue {
        [
            [
                "apiVersion": owner["apiVersion"] ?? .null, "kind": owner["kind"] ?? .null,
                "name": owner["metadata", "name"] ?? .null, "uid": .string(owner.controllerUID),
                "controller": true, "blockOwnerDeletion": true,
            ]
        ]
    }

    /// A pod after a template, as the API server stores it.
    func createPod(
        _ key: ObjectKey, template: JSONValue, generateName: String, labels: [String: String], owner: JSONValue,
        change: (inout JSONValue) -> Void = { _ in }
    ) throws(StatusError) {
        var pod: JSONValue = [
            "spec": template["spec"] ?? [:], "status": ["phase": "Pending", "qosClass": "BestEffort"],
        ]
        pod["metadata", "generateName"] = .string(generateName)
        pod["metadata", "annotations"] = template["metadata", "annotations"]
        pod["metadata", "labels"] = template["metadata", "labels"]
        for (name, value) in labels { pod["metadata", "labels", name] = .string(value) }
        pod["metadata", "ownerReferences"] = ownerReferences(owner)
        change(&pod)
        try store.create(key, pod)
    }

    /// Asks the pod to end, or takes it out where no node has it yet. Neither is done to another pod of its name.
    func delete(_ pod: Pod) throws(StatusError) {
        guard pod.isScheduled else { return try remove(pod.key, uid: pod.uid) }
        try store.update(pod.key) { object throws(StatusError) in
            guard object.controllerUID == pod.uid, object["metadata", "deletionTimestamp"] == nil else { return }
            let grace = object["spec", "terminationGracePeriodSeconds"]?.integer ?? 30
            object["metadata", "deletionTimestamp"] = .string(Timestamp.text(now.addingTimeInterval(Double(grace))))
            object["metadata", "deletionGracePeriodSeconds"] = .integer(Int64(grace))
        }
    }

    /// Takes the object out at once, if it is still the one that is meant.
    func remove(_ key: ObjectKey, uid: String) throws(StatusError) {
        guard store[key]?.controllerUID == uid else { return }
        try store.remove(key) { object throws(StatusError) in
            guard object.controllerUID == uid else { throw .stale(key) }
        }
    }

    /// Writes the status, if the object is still the one that it was computed for.
    func setStatus(_ status: JSONValue, of object: JSONValue, _ key: ObjectKey) throws(StatusError) {
        try store.update(key) { current throws(StatusError) in
            guard current.controllerUID == object.controllerUID else { throw .stale(key) }
            current["status"] = status
        }
    }

    /// Records an Event; one that is already there is counted.
    func record(
        _ reason: String, _ message: String, about object: JSONValue, by component: String, isWarning: Bool = false,
        fieldPath: String? = nil
    ) throws(StatusError) {
        let name = object["metadata", "name"]?.string ?? ""
        let hash = FNV.hash64("\(object.controllerUID) \(component) \(reason) \(message) \(fieldPath ?? "")")
        let isNamespaced = object["metadata", "namespace"] != nil
        let namespace = isNamespaced ? object["metadata", "namespace"]?.string ?? "" : "default"
        let key = ObjectKey(resource: .events, namespace: namespace, name: "\(name).\(String(hash, radix: 16))")
        if store[key] != nil {
            try store.update(key) { event throws(StatusError) in
                event["count"] = .integer(Int64((event["count"]?.integer ?? 0) + 1))
                event["lastTimestamp"] = stamp
            }
            return
        }
        var event: JSONValue = [
            "type": isWarning ? "Warning" : "Normal", "reason": .string(reason), "message": .string(message),
            "source": ["component": .string(component)], "count": 1, "firstTimestamp": stamp, "lastTimestamp": stamp,
            "eventTime": .null, "reportingComponent": "", "reportingInstance": "",
        ]
        event["involvedObject"] = [
            "apiVersion": object["apiVersion"] ?? .null, "kind": object["kind"] ?? .null, "name": .string(name),
            "namespace": .string(namespace), "uid": .string(object.controllerUID),
            "resourceVersion": object["metadata", "resourceVersion"] ?? .null,
        ]
        event["involvedObject", "fieldPath"] = fieldPath.map { .string($0) }
        try store.create(key, event)
    }
}

/// What controllers read of a pod.
struct Pod {
    let object: JSONValue
    var key: ObjectKey { ObjectKey(.pods, object) }
    var name: String { object["metadata", "name"]?.string ?? "" }
    var uid: String { object.controllerUID }
    var phase: String { object["status", "phase"]?.string ?? "" }
    var isTerminating: Bool { object["metadata", "deletionTimestamp"] != nil }
    var isScheduled: Bool { object["spec", "nodeName"] != nil }
    var hasEnded: Bool { phase == "Succeeded" || phase == "Failed" }
    var readyCondition: JSONValue? {
        object["status", "conditions"]?.array?.first { $0["type"] == "Ready" && $0["status"] == "True" }
    }
    var isReady: Bool { readyCondition != nil }
    var isRunningAndReady: Bool { phase == "Running" && isReady }
    /// The number at the end of a StatefulSet's pod's name.
    var ordinal: Int { name.split(separator: "-").last.flatMap { Int($0) } ?? -1 }
    var revision: String? { label("controller-revision-hash") }

    func label(_ name: String) -> String? { object["metadata", "labels", name]?.string }
}

extension JSONValue {
    /// `metadata.uid`, which owner references name.
    var controllerUID: String { self["metadata", "uid"]?.string ?? "" }
}

/// Fowler, Noll and Vo's hash, which Kubernetes makes the names of revisions with.
enum FNV {
    static func hash32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0x811c_9dc5) { ($0 &* 0x0100_0193) ^ UInt32($1) }
    }

    static func hash64(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 &* 0x100_0000_01b3) ^ UInt64($1) }
    }

    /// `rand.SafeEncodeString` of k8s.io/apimachinery: digits as letters that spell no words.
    static func safe(_ digits: String) -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(digits.utf8.map { letters[Int($0) % letters.count] })
    }
}

extension Timestamp {
    /// The time that a field holds; nil where it holds none.
    static func date(_ value: JSONValue?) -> Date? {
        value?.string.flatMap { try? Date($0, strategy: .iso8601) }  // whether it is one, is what is asked
    }
}
