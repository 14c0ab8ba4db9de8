import FoundationEssentials

@testable import Sandbox

/// A store with its controllers and a clock that stands until it is moved: hours pass at once, and nothing waits.
struct ControlledCluster {
    let store = ObjectStore()
    private var queue: ControllerQueue
    private(set) var now = Date(timeIntervalSince1970: 1_800_000_000)

    init() { queue = ControllerQueue(store: store, timing: PodTiming()) }

    /// Lets that much time pass, with everything that falls due in it.
    mutating func pass(_ seconds: TimeInterval) {
        let end = now.addingTimeInterval(seconds)
        _ = queue.settle(at: now)
        now = end
        _ = queue.settle(at: end)
    }

    static func key(_ resource: APIResource, _ name: String) -> ObjectKey {
        ObjectKey(resource: resource, namespace: "shop", name: name)
    }

    subscript(resource: APIResource, name: String) -> JSONValue? { store[Self.key(resource, name)] }

    func pod(_ name: String) -> JSONValue? { self[.pods, name] }

    /// The state of the pod's only container in one word: the reason, or `running`.
    func state(_ pod: String) -> String? {
        let state = self.pod(pod)?["status", "containerStatuses"]?.array?.first?["state"]?.object?.first
        return state.map { $0.value["reason"]?.string ?? $0.key }
    }

    func images() -> [String] {
        store.list(.pods).items.map { pod in
            let image = pod["spec", "containers"]?.array?.first?["image"]?.string ?? ""
            return "\(pod["metadata", "name"]?.string ?? "") \(image.split(separator: ":").last ?? "")"
        }
    }

    /// A workload with the fields as the API server's defaults fill them in, those of the spec on top.
    func create(
        _ resource: APIResource, _ name: String, replicas: Int64, tag: String, _ spec: [String: JSONValue] = [:]
    ) throws {
        let container: JSONValue = [
            "name": "app", "image": .string("r.example/app:\(tag)"), "imagePullPolicy": "IfNotPresent",
            "resources": [:], "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        ]
        var object: JSONValue = [
            "spec": [
                "replicas": .integer(replicas), "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["creationTimestamp": .null, "labels": ["app": .string(name)]],
                    "spec": [
                        "containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always",
                        "schedulerName": "default-scheduler", "securityContext": [:],
                        "terminationGracePeriodSeconds": 30,
                    ],
                ],
            ],
            "status": resource == .deployments ? [:] : ["replicas": 0],
        ]
        if resource == .statefulSets {
            object["spec", "serviceName"] = .string(name)
            object["spec", "updateStrategy"] = ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]]
        }
        for (field, value) in spec { object["spec", field] = value }
        try store.create(Self.key(resource, name), object)
    }

    func change(_ resource: APIResource, _ name: String, _ change: (inout JSONValue) -> Void) throws {
        try store.update(Self.key(resource, name)) { change(&$0) }
    }

    func setImage(_ resource: APIResource, _ name: String, _ tag: String) throws {
        try change(resource, name) { object in
            var containers = object["spec", "template", "spec", "containers"]?.array ?? []
            containers[0]["image"] = .string("r.example/app:\(tag)")
            object["spec", "template", "spec", "containers"] = .array(containers)
        }
    }

    func scale(_ resource: APIResource, _ name: String, _ replicas: Int64) throws {
        try change(resource, name) { $0["spec", "replicas"] = .integer(replicas) }
    }

    /// As a client does, with the pod's grace period.
    func deletePod(_ name: String) throws {
        guard let object = pod(name) else { throw StatusError.notFound(Self.key(.pods, name)) }
        try ControllerContext(store: store, now: now, owned: OwnedObjects()).delete(Pod(object: object))
    }

    /// The texts of all states that an object had, in turn, each once.
    func sequence(_ resource: APIResource, _ name: String, _ text: (JSONValue) -> String) throws -> [String] {
        var texts: [String] = []
        for change in try store.changes(since: 0) where change.key == Self.key(resource, name) {
            let next = text(change.object)
            if texts.last != next { texts.append(next) }
        }
        return texts
    }

    /// Reason, count and message of what was told about an object.
    func events(_ name: String) -> [String] {
        store.list(.events).items.filter { $0["involvedObject", "name"]?.string == name }
            .map { "\($0["reason"]?.string ?? "") ×\($0["count"]?.integer ?? 0) \($0["message"]?.string ?? "")" }
            .sorted()
    }
}
