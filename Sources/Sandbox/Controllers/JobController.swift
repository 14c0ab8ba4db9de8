import FoundationEssentials

/// Makes the pods of a Job until enough of them have succeeded or too many have failed (`job_controller.go` of Kubernetes
/// 1.20). What 1.20 does not know of a Job and newer servers do: `suspend` is honoured.
struct JobController {
    let context: ControllerContext

    init(_ context: ControllerContext) { self.context = context }

    /// What has become of a Job's pods.
    private struct Count {
        var active: [Pod]
        var succeeded: Int
        var failed: [Pod]
        /// Of pods that are restarted in place.
        var restarts: Int

        init(_ pods: [Pod]) {
            active = pods.filter { !$0.hasEnded && !$0.isTerminating }
            succeeded = pods.count { $0.phase == "Succeeded" }
            failed = pods.filter { $0.phase == "Failed" }
            restarts = active.filter { $0.object["spec", "restartPolicy"] == "OnFailure" }
                .flatMap { $0.object["status", "containerStatuses"]?.array ?? [] }
                .reduce(0) { $0 + ($1["restartCount"]?.integer ?? 0) }
        }
    }

    func reconcile(_ key: ObjectKey) throws(StatusError) -> Date? {
        guard let job = context.store[key], job["metadata", "deletionTimestamp"] == nil, !Self.hasEnded(job) else {
            return nil
        }
        let spec = job["spec"] ?? .null
        let isSuspended = spec["suspend"] == true
        var count = Count(context.pods(controlledBy: job.controllerUID))
        var status = job["status"] ?? [:]
        if status["startTime"] == nil, !isSuspended { status["startTime"] = context.stamp }
        let deadline = spec["activeDeadlineSeconds"]?.integer.flatMap { seconds in
            Timestamp.date(status["startTime"]).map { $0.addingTimeInterval(Double(seconds)) }
        }
        var next: Date?
        if let end = failure(spec, count, deadline) {
            try remove(count.active, of: job)
            try finish(&status, "Failed", job, end)
            status["failed"] = Self.number(count.failed.count + count.active.count)
            count.active = []
        } else {
            if isSuspended {
                try remove(count.active, of: job)
            } else {
                next = try manage(job, key, &count)
            }
            status["failed"] = Self.number(count.failed.count)
            if count.active.isEmpty, count.succeeded >= (spec["completions"]?.integer ?? 1) {
                try finish(&status, "Complete", job, nil)
                status["completionTime"] = context.stamp
            }
        }
        status["active"] = Self.number(count.active.count)
        status["succeeded"] = Self.number(count.succeeded)
        try context.setStatus(status, of: job, key)
        return [next, Self.hasEnded(status: status) ? nil : deadline].compactMap { $0 }.min()
    }

    private static func number(_ count: Int) -> JSONValue? { count == 0 ? nil : .integer(Int64(count)) }

    private static func hasEnded(_ job: JSONValue) -> Bool { hasEnded(status: job["status"] ?? .null) }

    private static func hasEnded(status: JSONValue) -> Bool {
        (status["conditions"]?.array ?? []).contains {
            ($0["type"] == "Complete" || $0["type"] == "Failed") && $0["status"] == "True"
        }
    }

    private func failure(_ spec: JSONValue, _ count: Count, _ deadline: Date?) -> (reason: String, message: String)? {
        let limit = spec["backoffLimit"]?.integer ?? 6
        let isPastLimit = count.failed.count > limit || (count.restarts > 0 && count.restarts >= limit)
        if isPastLimit { return ("BackoffLimitExceeded", "Job has reached the specified backoff limit") }
        guard let deadline, deadline <= context.now else { return nil }
        return ("DeadlineExceeded", "Job was active longer than specified deadline")
    }

    /// - Returns: when the next pod may be made, where it must wait because others failed.
    private func manage(_ job: JSONValue, _ key: ObjectKey, _ count: inout Count) throws(StatusError) -> Date? {
        let spec = job["spec"] ?? .null
        let wanted = min(
            (spec["completions"]?.integer ?? 1) - count.succeeded, spec["parallelism"]?.integer ?? 1)
        guard wanted > count.active.count else { return nil }
        if let moment = retry(after: count.failed), moment > context.now { return moment }
        for _ in count.active.count..<wanted {
            let suffix = FNV.safe(String((0..<5).map { _ in "0123456789abcdefghijklmnopq".randomElement() ?? "0" }))
            let podKey = ObjectKey(resource: .pods, namespace: key.namespace, name: "\(key.name)-\(suffix)")
            try context.createPod(
                podKey, template: spec["template"] ?? [:], generateName: "\(key.name)-", labels: [:], owner: job)
            if let pod = context.store[podKey] { count.active.append(Pod(object: pod)) }
            try context.record("SuccessfulCreate", "Created pod: \(podKey.name)", about: job, by: "job-controller")
        }
        return nil
    }

    /// The first failure is made good at once, the second after ten seconds, then twice as long each time.
    private func retry(after failed: [Pod]) -> Date? {
        guard failed.count > 1 else { return nil }
        let ends = failed.flatMap { $0.object["status", "containerStatuses"]?.array ?? [] }
            .compactMap { Timestamp.date($0["state", "terminated", "finishedAt"]) }
        return ends.max()?.addingTimeInterval(min(Double(10 << min(failed.count - 2, 10)), 360))
    }

    private func remove(_ pods: [Pod], of job: JSONValue) throws(StatusError) {
        for pod in pods {
            try context.delete(pod)
            try context.record("SuccessfulDelete", "Deleted pod: \(pod.name)", about: job, by: "job-controller")
        }
    }

    private func finish(
        _ status: inout JSONValue, _ type: String, _ job: JSONValue, _ why: (reason: String, message: String)?
    ) throws(StatusError) {
        var condition: JSONValue = [
            "type": .string(type), "status": "True", "lastProbeTime": context.stamp,
            "lastTransitionTime": context.stamp,
        ]
        condition["reason"] = why.map { .string($0.reason) }
        condition["message"] = why.map { .string($0.message) }
        status["conditions"] = .array((status["conditions"]?.array ?? []) + [condition])
        try context.record(
            why?.reason ?? "Completed", why?.message ?? "Job completed", about: job, by: "job-controller",
            isWarning: why != nil)
    }
}

/// How a Job finds its pods.
enum JobSelector {
    /// Gives the Job a uid, and a selector by it, as the API server does when one is created (`pkg/registry/batch/job`).
    static func generate(_ job: inout JSONValue, uid: String) {
        job["metadata", "uid"] = .string(uid)
        if job["spec", "manualSelector"] != true {
            job["spec", "selector", "matchLabels", "controller-uid"] = .string(uid)
            job["spec", "template", "metadata", "labels", "controller-uid"] = .string(uid)
            job["spec", "template", "metadata", "labels", "job-name"] = job["metadata", "name"]
        }
        if job["metadata", "labels"] == nil {
            job["metadata", "labels"] = job["spec", "template", "metadata", "labels"]
        }
    }
}
