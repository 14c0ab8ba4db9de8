import FoundationEssentials

/// Makes, replaces and counts the pods of a StatefulSet.
///
/// Follows `stateful_set_control.go` of Kubernetes 1.20 step by step, with its order of checks: a pod that never becomes
/// ready holds up everything behind it, the way back too (kubernetes#67250).
struct StatefulSetController {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    func reconcile(_ key: ObjectKey) throws(StatusError) -> Date? {
        // One that is going makes nothing any more, not even revisions, which the garbage collector is taking away.
        guard let set = context.store[key], set["metadata", "deletionTimestamp"] == nil else { return nil }
        let pods = context.pods(controlledBy: set.controllerUID).sorted { $0.ordinal < $1.ordinal }
        var revisions = Revisions(context, of: set, key)
        let update = try revisions.update()
        let current = revisions[set["status", "currentRevision"]?.string] ?? update
        var pass = StatefulSetPass(
            context: context, workload: set, key: key, current: current, update: update, pods: pods)
        try pass.run()
        try context.setStatus(pass.status.object, of: set, key)
        let live = pods.compactMap(\.revision) + [pass.status.currentRevision, pass.status.updateRevision]
        try revisions.truncate(keeping: Set(live))
        return nil
    }
}

/// `status` of a StatefulSet. Counts that are zero are left out, `replicas` and `collisionCount` excepted.
struct StatefulSetStatus {
    var observedGeneration = 0
    var replicas = 0
    var ready = 0
    var current = 0
    var updated = 0
    var currentRevision = ""
    var updateRevision = ""

    var object: JSONValue {
        var object: JSONValue = [
            "observedGeneration": .integer(Int64(observedGeneration)), "replicas": .integer(Int64(replicas)),
            "currentRevision": .string(currentRevision), "updateRevision": .string(updateRevision),
            "collisionCount": 0,
        ]
        for (name, count) in [("readyReplicas", ready), ("currentReplicas", current), ("updatedReplicas", updated)]
        where count != 0 {
            object[name] = .integer(Int64(count))
        }
        return object
    }
}

/// One pass over the pods of one StatefulSet, and the status that it ends with.
private struct StatefulSetPass {
    let context: ControllerContext
    let workload: JSONValue
    let key: ObjectKey
    let current: JSONValue
    let update: JSONValue
    let pods: [Pod]
    var status = StatefulSetStatus()

    private var isMonotonic: Bool { workload["spec", "podManagementPolicy"]?.string != "Parallel" }
    private var strategy: String { workload["spec", "updateStrategy", "type"]?.string ?? "RollingUpdate" }
    private var partition: Int? {
        workload["spec", "updateStrategy", "rollingUpdate"].map { $0["partition"]?.integer ?? 0 }
    }
    private var replicas: Int { workload["spec", "replicas"]?.integer ?? 1 }
    private var currentName: String { current["metadata", "name"]?.string ?? "" }
    private var updateName: String { update["metadata", "name"]?.string ?? "" }

    init(
        context: ControllerContext, workload: JSONValue, key: ObjectKey, current: JSONValue, update: JSONValue,
        pods: [Pod]
    ) {
        self.context = context
        self.workload = workload
        self.key = key
        self.current = current
        self.update = update
        self.pods = pods
    }

    mutating func run() throws(StatusError) {
        status.observedGeneration = workload["metadata", "generation"]?.integer ?? 0
        status.currentRevision = currentName
        status.updateRevision = updateName
        for pod in pods {
            status.replicas += 1
            if pod.isRunningAndReady { status.ready += 1 }
            if !pod.isTerminating { count(pod.revision, 1) }
        }
        if try fill(), try scaleDown(), strategy != "OnDelete" {
            try replaceOld()
        }
        if strategy == "RollingUpdate" && status.updated == status.replicas && status.ready == status.replicas {
            status.current = status.updated
            status.currentRevision = status.updateRevision
        }
    }

    private mutating func count(_ revision: String?, _ by: Int) {
        if revision == currentName { status.current += by }
        if revision == updateName { status.updated += by }
    }

    /// Makes what is missing, lowest ordinal first.
    ///
    /// - Returns: false where the order has the rest wait.
    private mutating func fill() throws(StatusError) -> Bool {
        for ordinal in 0..<max(replicas, 0) {
            var pod = pods.first { $0.ordinal == ordinal }
            if let failed = pod, failed.phase == "Failed", !failed.isTerminating {
                try record(
                    "RecreatingFailedPod",
                    "StatefulSet \(key.namespace)/\(key.name) is recreating failed Pod \(failed.name)", isWarning: true)
                try delete(failed)
                count(failed.revision, -1)
                status.replicas -= 1
                pod = nil
                if context.store[failed.key] != nil { return false }  // made anew once it is gone
            }
            guard let pod else {
                try create(ordinal)
                if isMonotonic { return false }
                continue
            }
            if isMonotonic && (pod.isTerminating || !pod.isRunningAndReady) { return false }
        }
        return true
    }

    /// Takes away what is too many, highest ordinal first.
    private mutating func scaleDown() throws(StatusError) -> Bool {
        let firstUnhealthy = pods.first { !$0.isRunningAndReady || $0.isTerminating }
        for pod in pods.reversed() where pod.ordinal >= replicas {
            if pod.isTerminating {
                if isMonotonic { return false }
                continue
            }
            if isMonotonic && !pod.isRunningAndReady && pod.uid != firstUnhealthy?.uid { return false }
            try delete(pod)
            count(pod.revision, -1)
            if isMonotonic { return false }
        }
        return true
    }

    /// Deletes the highest pod of another revision, once all above it are healthy.
    private mutating func replaceOld() throws(StatusError) {
        for ordinal in stride(from: replicas - 1, through: partition ?? 0, by: -1) {
            // One that was made in this pass has the right revision and is not ready yet.
            guard let pod = pods.first(where: { $0.ordinal == ordinal }) else { return }
            if pod.revision != updateName && !pod.isTerminating {
                try delete(pod)
                status.current -= 1
                return
            }
            if pod.isTerminating || !pod.isRunningAndReady { return }
        }
    }

    private mutating func create(_ ordinal: Int) throws(StatusError) {
        let isOld =
            strategy == "RollingUpdate" && ordinal < (partition ?? workload["status", "currentReplicas"]?.integer ?? 0)
        let revision = isOld ? current : update
        let hash = isOld ? currentName : updateName
        let name = "\(key.name)-\(ordinal)"
        try context.createPod(
            ObjectKey(resource: .pods, namespace: key.namespace, name: name),
            template: revision["data", "spec", "template"] ?? [:], generateName: "\(key.name)-",
            labels: ["statefulset.kubernetes.io/pod-name": name, "controller-revision-hash": hash], owner: workload
        ) { pod in
            pod["spec", "hostname"] = .string(name)
            pod["spec", "subdomain"] = workload["spec", "serviceName"]
        }
        status.replicas += 1
        count(hash, 1)
        try record("SuccessfulCreate", "create Pod \(name) in StatefulSet \(key.name) successful")
    }

    private func delete(_ pod: Pod) throws(StatusError) {
        try context.delete(pod)
        try record("SuccessfulDelete", "delete Pod \(pod.name) in StatefulSet \(key.name) successful")
    }

    private func record(_ reason: String, _ message: String, isWarning: Bool = false) throws(StatusError) {
        try context.record(reason, message, about: workload, by: "statefulset-controller", isWarning: isWarning)
    }
}
