import FoundationEssentials

/// The scheduler and the one node, which takes every pod that fits and runs its containers as their fates have it.
struct Node {
    /// What the node knows of a pod that it runs.
    private struct Run {
        var address: String
        var started: String
        var stories: [String: ContainerStory] = [:]
        /// When a pod that was asked to end is gone.
        var end: Date?
    }

    static let name = "sandbox"
    private static let cores = 64.0
    private let timing: PodTiming
    private var runs: [ObjectKey: (uid: String, run: Run)] = [:]
    private var addresses = 0

    init(timing: PodTiming) { self.timing = timing }

    /// Brings a pod up to now.
    ///
    /// - Returns: when it is to be looked at again.
    mutating func reconcile(_ key: ObjectKey, _ context: ControllerContext) throws(StatusError) -> Date? {
        guard let object = context.store[key] else {
            runs[key] = nil
            return nil
        }
        let pod = Pod(object: object)
        guard pod.isScheduled else {
            if !pod.isTerminating { try schedule(pod, context) }
            return nil
        }
        if runs[key]?.uid != pod.uid { runs[key] = (pod.uid, newRun(context)) }
        guard var run = runs[key]?.run else { return nil }
        defer { runs[key]?.run = run }
        if pod.isTerminating { return try end(pod, &run, context) }
        if pod.hasEnded { return nil }
        let status = try advance(pod, &run, context)
        try context.setStatus(status, of: object, key)
        return run.stories.values.compactMap(\.due).min()
    }

    private mutating func newRun(_ context: ControllerContext) -> Run {
        addresses += 1
        return Run(
            address: "10.244.\(addresses / 250 % 250).\(addresses % 250 + 1)", started: Timestamp.text(context.now))
    }

    // MARK: Scheduling

    private func schedule(_ pod: Pod, _ context: ControllerContext) throws(StatusError) {
        var condition: JSONValue = ["type": "PodScheduled", "status": "True", "lastProbeTime": .null]
        condition["lastTransitionTime"] = context.stamp
        let why = unfit(pod).map { "0/1 nodes are available: \($0)." }
        if let why {
            let known = pod.object["status", "conditions"]?.array ?? []
            if known.contains(where: { $0["type"] == "PodScheduled" }) { return }
            condition["status"] = "False"
            condition["reason"] = "Unschedulable"
            condition["message"] = .string(why)
        }
        try context.store.update(pod.key) { object throws(StatusError) in
            guard object.controllerUID == pod.uid else { throw .stale(pod.key) }
            if why == nil { object["spec", "nodeName"] = .string(Self.name) }
            object["status", "conditions"] = [condition]
        }
        let text = "Successfully assigned \(pod.key.namespace)/\(pod.name) to \(Self.name)"
        try context.record(
            why == nil ? "Scheduled" : "FailedScheduling", why ?? text, about: pod.object, by: "default-scheduler",
            isWarning: why != nil)
    }

    /// Why the node cannot take the pod, in the scheduler's words.
    private func unfit(_ pod: Pod) -> String? {
        let labels = ["kubernetes.io/hostname": Self.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"]
        let selector = pod.object["spec", "nodeSelector"]?.strings ?? [:]
        if selector.contains(where: { labels[$0.key] != $0.value }) {
            return "1 node(s) didn't match Pod's node affinity"
        }
        let wanted = (pod.object["spec", "containers"]?.array ?? []).map { container -> Double in
            let quantity = container["resources", "requests", "cpu"]
            guard let text = quantity?.string else { return Double(quantity?.integer ?? 0) }
            return (text.hasSuffix("m") ? Double(text.dropLast()).map { $0 / 1000 } : Double(text)) ?? 0
        }
        return wanted.reduce(0, +) > Self.cores ? "1 Insufficient cpu" : nil
    }

    // MARK: Running

    private func advance(_ pod: Pod, _ run: inout Run, _ context: ControllerContext) throws(StatusError) -> JSONValue {
        var isBlocked = false
        var statuses: [[JSONValue]] = []
        for list in ["initContainers", "containers"] {
            var found: [JSONValue] = []
            for container in pod.object["spec", list]?.array ?? [] {
                guard !isBlocked else {
                    found.append(ContainerStory.initializing(container))
                    continue
                }
                let story = try advance(container, isInit: list == "initContainers", pod, &run, context)
                found.append(story.status)
                isBlocked = list == "initContainers" && story.exitCode != 0
            }
            statuses.append(found)
        }
        var status = pod.object["status"] ?? [:]
        let phase = Self.phase(pod, initContainers: statuses[0], containers: statuses[1])
        status["phase"] = .string(phase)
        status["hostIP"] = "127.0.0.1"
        status["podIP"] = .string(run.address)
        status["podIPs"] = [["ip": .string(run.address)]]
        status["startTime"] = .string(run.started)
        status["containerStatuses"] = .array(statuses[1])
        if !statuses[0].isEmpty { status["initContainerStatuses"] = .array(statuses[0]) }
        let conditions = PodConditions(phase: phase, initContainers: statuses[0], containers: statuses[1])
        status["conditions"] = conditions.merged(into: status["conditions"], stamp: context.stamp)
        return status
    }

    private func advance(
        _ container: JSONValue, isInit: Bool, _ pod: Pod, _ run: inout Run, _ context: ControllerContext
    ) throws(StatusError) -> ContainerStory {
        let name = container["name"]?.string ?? ""
        let known = run.stories[name]
        var story: ContainerStory
        if let known, known.image == container["image"]?.string {
            story = known
        } else {
            let restarts = known.map { $0.restartCount + 1 } ?? 0
            story = ContainerStory(
                container, of: pod, isInit: isInit, restarts: restarts, timing: timing, now: context.now)
        }
        let wasRunning = if case .running = known?.state { true } else { false }
        let isNew = story.advance(at: context.now)
        run.stories[name] = story
        if isNew { try record(story, wasRunning: wasRunning, container: name, isInit: isInit, pod, context) }
        return story
    }

    /// `kubelet_pods.go` getPhase.
    private static func phase(_ pod: Pod, initContainers: [JSONValue], containers: [JSONValue]) -> String {
        if initContainers.contains(where: { $0["state", "terminated", "exitCode"] != 0 }) { return "Pending" }
        if containers.contains(where: { $0["state", "waiting"] != nil && $0["lastState", "terminated"] == nil }) {
            return "Pending"
        }
        let codes = containers.compactMap { $0["state", "terminated", "exitCode"] }
        let policy = pod.object["spec", "restartPolicy"]?.string ?? "Always"
        guard policy != "Always", codes.count == containers.count else { return "Running" }
        if codes.allSatisfy({ $0 == 0 }) { return "Succeeded" }
        return policy == "Never" ? "Failed" : "Running"
    }

    private func end(_ pod: Pod, _ run: inout Run, _ context: ControllerContext) throws(StatusError) -> Date? {
        guard let end = run.end else {
            run.end = context.now.addingTimeInterval(timing.termination)
            for (name, story) in run.stories.sorted(by: { $0.key < $1.key })
            where story.status["state", "running"] != nil {
                try context.record(
                    "Killing", "Stopping container \(name)", about: pod.object, by: "kubelet",
                    fieldPath: "spec.containers{\(name)}")
            }
            return run.end
        }
        guard end <= context.now else { return end }
        // A finalizer of somebody's holds it, as it would hold any object.
        guard (pod.object["metadata", "finalizers"]?.array ?? []).isEmpty else { return nil }
        try context.remove(pod.key, uid: pod.uid)
        return nil
    }

    private func record(
        _ story: ContainerStory, wasRunning: Bool, container name: String, isInit: Bool, _ pod: Pod,
        _ context: ControllerContext
    ) throws(StatusError) {
        func tell(_ reason: String, _ message: String, isWarning: Bool = false) throws(StatusError) {
            try context.record(
                reason, message, about: pod.object, by: "kubelet", isWarning: isWarning,
                fieldPath: "spec.\(isInit ? "initContainers" : "containers"){\(name)}")
        }
        func started() throws(StatusError) {
            guard !wasRunning else { return }
            try tell("Pulled", "Successfully pulled image \"\(story.image)\"")
            try tell("Created", "Created container \(name)")
            try tell("Started", "Started container \(name)")
        }
        switch story.state {
        case .waiting("ContainerCreating", _): try tell("Pulling", "Pulling image \"\(story.image)\"")
        case .waiting("InvalidImageName", let message?): try tell("InspectFailed", message, isWarning: true)
        case .waiting("ErrImagePull", let message?):
            try tell("Failed", "Failed to pull image \"\(story.image)\": \(message)", isWarning: true)
            try tell("Failed", "Error: ErrImagePull", isWarning: true)
        case .waiting("ImagePullBackOff", let message?):
            try tell("BackOff", message)
            try tell("Failed", "Error: ImagePullBackOff", isWarning: true)
        case .waiting(_, let message): try tell("Failed", "Error: \(message ?? "")", isWarning: true)
        case .failedToStart(let ending): try tell("Failed", "Error: \(ending.message ?? "")", isWarning: true)
        case .running, .ended: try started()
        case .backOff: try tell("BackOff", "Back-off restarting failed container", isWarning: true)
        }
    }
}
