import FoundationEssentials

/// The status of a Deployment: counts, `Available` and `Progressing` (`sync.go`, `progress.go`).
extension DeploymentPass {
    /// Seconds; nil where the Deployment has none (`math.MaxInt32`).
    var progressDeadline: Int? {
        let seconds = deployment["spec", "progressDeadlineSeconds"]?.integer ?? 600
        return seconds == Int(Int32.max) ? nil : seconds
    }

    func condition(_ type: String) -> JSONValue? {
        deployment["status", "conditions"]?.array?.first { $0["type"]?.string == type }
    }

    /// Sets a condition; its times change only with its status and reason.
    ///
    /// - Parameter isRenewed: notes that there was progress though neither changed.
    mutating func setCondition(
        _ type: String, _ status: String, _ reason: String, _ message: String, isRenewed: Bool = false
    ) {
        let before = condition(type)
        let isSameStatus = before?["status"]?.string == status
        if isSameStatus && before?["reason"]?.string == reason && !isRenewed { return }
        let value: JSONValue = [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": context.stamp,
            "lastTransitionTime": isSameStatus ? before?["lastTransitionTime"] ?? context.stamp : context.stamp,
        ]
        let others = (deployment["status", "conditions"]?.array ?? []).filter { $0["type"]?.string != type }
        deployment["status", "conditions"] = .array(others + [value])
    }

    func isComplete(_ status: JSONValue) -> Bool {
        ["updatedReplicas", "replicas", "availableReplicas"].allSatisfy { (status[$0]?.integer ?? 0) == replicas }
            && (status["observedGeneration"]?.integer ?? 0) >= (deployment["metadata", "generation"]?.integer ?? 0)
    }

    /// Counts and `Available`.
    mutating func writeStatus() throws(StatusError) -> Date? {
        count()
        try context.setStatus(deployment["status"] ?? [:], of: deployment, key)
        return nil
    }

    /// The same, and what `Progressing` says of the rollout.
    ///
    /// - Returns: when its deadline is to be looked at.
    mutating func writeProgress() throws(StatusError) -> Date? {
        let before = deployment["status"] ?? [:]
        count()
        let status = deployment["status"] ?? [:]
        let current = condition("Progressing")
        let isLongComplete =
            status["replicas"] == status["updatedReplicas"] && current?["reason"] == "NewReplicaSetAvailable"
        let subject = new.map { "ReplicaSet \"\($0.name)\"" } ?? "Deployment \"\(key.name)\""
        var due: Date?
        if let deadline = progressDeadline, !isLongComplete {
            if isComplete(status) {
                setCondition(
                    "Progressing", "True", "NewReplicaSetAvailable", "\(subject) has successfully progressed.")
            } else if isProgress(from: before, to: status) {
                setCondition(
                    "Progressing", "True", "ReplicaSetUpdated", "\(subject) is progressing.", isRenewed: true)
            } else if hasTimedOut(current, deadline) {
                setCondition(
                    "Progressing", "False", "ProgressDeadlineExceeded", "\(subject) has timed out progressing.")
            }
            let reason = condition("Progressing")?["reason"]
            if reason != "NewReplicaSetAvailable" && reason != "ProgressDeadlineExceeded" {
                due = lastUpdate(condition("Progressing")).addingTimeInterval(Double(deadline) + 1)
            }
        }
        try context.setStatus(deployment["status"] ?? [:], of: deployment, key)
        return due
    }

    private mutating func count() {
        let wanted = all.reduce(0) { $0 + $1.replicas }
        let available = all.reduce(0) { $0 + $1.available }
        let counts = [
            ("replicas", all.reduce(0) { $0 + $1.count("replicas") }),
            ("updatedReplicas", new?.count("replicas") ?? 0),
            ("readyReplicas", all.reduce(0) { $0 + $1.count("readyReplicas") }),
            ("availableReplicas", available), ("unavailableReplicas", max(0, wanted - available)),
        ]
        deployment["status", "observedGeneration"] = deployment["metadata", "generation"]
        for (field, count) in counts {
            deployment["status", field] = count == 0 ? nil : .integer(Int64(count))
        }
        if available >= replicas - maxUnavailable {
            setCondition(
                "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            setCondition(
                "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        }
    }

    private func isProgress(from before: JSONValue, to after: JSONValue) -> Bool {
        func grew(_ value: (JSONValue) -> Int) -> Bool { value(after) > value(before) }
        return grew { $0["updatedReplicas"]?.integer ?? 0 } || grew { $0["readyReplicas"]?.integer ?? 0 }
            || grew { $0["availableReplicas"]?.integer ?? 0 }
            || grew { ($0["updatedReplicas"]?.integer ?? 0) - ($0["replicas"]?.integer ?? 0) }
    }

    private func hasTimedOut(_ progressing: JSONValue?, _ deadline: Int) -> Bool {
        guard let progressing, progressing["reason"] != "NewReplicaSetAvailable" else { return false }
        return lastUpdate(progressing).addingTimeInterval(Double(deadline)) < context.now
    }

    private func lastUpdate(_ condition: JSONValue?) -> Date {
        Timestamp.date(condition?["lastUpdateTime"]) ?? context.now
    }
}
