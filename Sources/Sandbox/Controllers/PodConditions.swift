/// A pod's conditions, told from its containers' statuses (pkg/kubelet `status/generate.go`).
struct PodConditions {
    let phase: String
    let initContainers: [JSONValue]
    let containers: [JSONValue]

    /// The conditions with those of others kept; `lastTransitionTime` changes only with the status.
    func merged(into old: JSONValue?, stamp: JSONValue) -> JSONValue {
        let incomplete = initContainers.filter { $0["state", "terminated", "exitCode"] != 0 }
        let unready = containers.filter { $0["ready"] != true }
        let mine = [
            condition("Initialized", incomplete, "ContainersNotInitialized", "containers with incomplete status"),
            condition("Ready", unready, "ContainersNotReady", "containers with unready status"),
            condition("ContainersReady", unready, "ContainersNotReady", "containers with unready status"),
        ]
        let known = old?.array ?? []
        let stamped = mine.map { condition in
            var condition = condition
            let before = known.first { $0["type"] == condition["type"] && $0["status"] == condition["status"] }
            condition["lastTransitionTime"] = before?["lastTransitionTime"] ?? stamp
            return condition
        }
        return .array(stamped + known.filter { other in !mine.contains { $0["type"] == other["type"] } })
    }

    private func condition(_ type: String, _ lacking: [JSONValue], _ reason: String, _ text: String) -> JSONValue {
        let isComplete = phase == "Succeeded"
        let isTrue = isComplete ? type == "Initialized" : lacking.isEmpty
        var value: JSONValue = [
            "type": .string(type), "status": isTrue ? "True" : "False", "lastProbeTime": .null,
        ]
        if isComplete {
            value["reason"] = "PodCompleted"
        } else if !lacking.isEmpty {
            value["reason"] = .string(reason)
            let names = lacking.compactMap { $0["name"]?.string }.joined(separator: " ")
            value["message"] = .string("\(text): [\(names)]")
        }
        return value
    }
}
