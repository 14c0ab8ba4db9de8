import FoundationEssentials

/// What controllers read of a ReplicaSet.
struct ReplicaSet {
    var object: JSONValue
    var key: ObjectKey { ObjectKey(.replicaSets, object) }
    var name: String { object["metadata", "name"]?.string ?? "" }
    var uid: String { object.controllerUID }
    /// The wanted count.
    var replicas: Int { object["spec", "replicas"]?.integer ?? 1 }
    var available: Int { count("availableReplicas") }
    var revision: Int { annotation("revision") ?? 0 }
    var isActive: Bool { replicas > 0 }

    /// A count of its status.
    func count(_ field: String) -> Int { object["status", field]?.integer ?? 0 }

    /// A number that the Deployment's controller left with it.
    func annotation(_ name: String) -> Int? {
        object["metadata", "annotations", "deployment.kubernetes.io/\(name)"]?.string.flatMap { Int($0) }
    }
}

/// Makes, deletes and counts the pods of a ReplicaSet (`replica_set.go` of Kubernetes 1.20).
struct ReplicaSetController {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    func reconcile(_ key: ObjectKey) throws(StatusError) -> Date? {
        guard let object = context.store[key] else { return nil }
        let set = ReplicaSet(object: object)
        let pods = context.pods(controlledBy: set.uid).filter { !$0.hasEnded && !$0.isTerminating }
        if object["metadata", "deletionTimestamp"] == nil { try manage(set, pods) }
        let wait = object["spec", "minReadySeconds"]?.integer ?? 0
        let readyUntil = pods.filter(\.isReady).map { pod in
            (Timestamp.date(pod.readyCondition?["lastTransitionTime"]) ?? context.now).addingTimeInterval(Double(wait))
        }
        let labels = object["spec", "template", "metadata", "labels"]?.strings ?? [:]
        let labelled = pods.filter { pod in labels.allSatisfy { pod.label($0.key) == $0.value } }
        var status: JSONValue = [
            "replicas": .integer(Int64(pods.count)), "observedGeneration": object["metadata", "generation"] ?? 0,
        ]
        let available = readyUntil.filter { wait == 0 || $0 <= context.now }.count
        for (field, count) in [
            ("fullyLabeledReplicas", labelled.count), ("readyReplicas", readyUntil.count),
            ("availableReplicas", available),
        ] where count > 0 {
            status[field] = .integer(Int64(count))
        }
        try context.setStatus(status, of: object, key)
        return readyUntil.filter { wait > 0 && $0 > context.now }.min()
    }

    private func manage(_ set: ReplicaSet, _ pods: [Pod]) throws(StatusError) {
        for _ in 0..<max(set.replicas - pods.count, 0) {
            let name =
                "\(set.name)-\(FNV.safe(String((0..<5).map { _ in "0123456789abcdefghijklmnopq".randomElement() ?? "0" })))"
            try context.createPod(
                ObjectKey(resource: .pods, namespace: set.key.namespace, name: name),
                template: set.object["spec", "template"] ?? [:], generateName: "\(set.name)-", labels: [:],
                owner: set.object)
            try context.record(
                "SuccessfulCreate", "Created pod: \(name)", about: set.object, by: "replicaset-controller")
        }
        for pod in pods.sorted(by: Self.isToGoFirst).prefix(max(pods.count - set.replicas, 0)) {
            try context.delete(pod)
            try context.record(
                "SuccessfulDelete", "Deleted pod: \(pod.name)", about: set.object, by: "replicaset-controller")
        }
    }

    /// `ActivePodsWithRanks`: those go first that do least.
    private static func isToGoFirst(_ one: Pod, _ other: Pod) -> Bool {
        func rank(_ pod: Pod) -> (Int, Int, Int) {
            (pod.isScheduled ? 1 : 0, pod.phase == "Pending" ? 0 : 1, pod.isReady ? 1 : 0)
        }
        if rank(one) != rank(other) { return rank(one) < rank(other) }
        func created(_ pod: Pod) -> String { pod.object["metadata", "creationTimestamp"]?.string ?? "" }
        return created(one) > created(other)
    }
}
