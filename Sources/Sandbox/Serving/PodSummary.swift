/// A pod in three words: how many containers are ready, its status, its restarts.
///
/// Source: `printPod` in `k8s.io/kubernetes/pkg/printers/internalversion/printers.go`.
struct PodSummary {
    var ready: String
    var status: String
    var restarts = 0

    init(_ pod: JSONValue) {
        let containers = pod["status", "containerStatuses"]?.array ?? []
        let total = pod["spec", "containers"]?.array?.count ?? containers.count
        ready = "0/\(total)"
        status = pod["status", "reason"]?.string ?? pod["status", "phase"]?.string ?? "Unknown"
        if !readInitContainers(pod) { readContainers(containers, total: total) }
        if pod["metadata", "deletionTimestamp"] != nil {
            status = pod["status", "reason"]?.string == "NodeLost" ? "Unknown" : "Terminating"
        }
    }

    /// - Returns: whether they are still at work.
    private mutating func readInitContainers(_ pod: JSONValue) -> Bool {
        let all = pod["spec", "initContainers"]?.array?.count ?? 0
        for (index, container) in (pod["status", "initContainerStatuses"]?.array ?? []).enumerated() {
            restarts += container["restartCount"]?.integer ?? 0
            let (terminated, waiting) = (container["state", "terminated"], container["state", "waiting"])
            if let terminated {
                if terminated["exitCode"]?.integer == 0 { continue }
                status = "Init:" + Self.reason(terminated)
            } else if let reason = waiting?["reason"]?.string, !reason.isEmpty, reason != "PodInitializing" {
                status = "Init:" + reason
            } else {
                status = "Init:\(index)/\(all)"
            }
            return true
        }
        return false
    }

    private mutating func readContainers(_ containers: [JSONValue], total: Int) {
        restarts = 0
        var count = 0
        for container in containers.reversed() {
            restarts += container["restartCount"]?.integer ?? 0
            let isReady = container["ready"] == true
            if let reason = container["state", "waiting", "reason"]?.string, !reason.isEmpty {
                status = reason
            } else if let terminated = container["state", "terminated"] {
                status = Self.reason(terminated)
            } else if isReady, container["state", "running"] != nil {
                count += 1
            }
        }
        ready = "\(count)/\(total)"
    }

    private static func reason(_ terminated: JSONValue) -> String {
        if let reason = terminated["reason"]?.string, !reason.isEmpty { return reason }
        if let signal = terminated["signal"]?.integer, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(terminated["exitCode"]?.integer ?? 0)"
    }
}
