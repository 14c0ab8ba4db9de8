import FoundationEssentials

/// One column of a resource's table.
struct TableColumn: Sendable {
    let name: String
    /// `string`, `integer` or `date`.
    var type = "string"
    /// 1 for what only `-o wide` shows.
    var priority = 0
    let cell: @Sendable (JSONValue) -> JSONValue

    var definition: JSONValue {
        [
            "name": .string(name), "type": .string(type), "format": name == "Name" ? "name" : "", "description": "",
            "priority": .integer(Int64(priority)),
        ]
    }

    static func columns(of resource: APIResource) -> [TableColumn] {
        switch resource {
        case .pods: pods
        case .statefulSets: statefulSets
        case .deployments: deployments
        case .replicaSets: replicaSets
        case .services: services
        case .jobs: jobs
        case .cronJobs: cronJobs
        case .configMaps: [name, TableColumn(name: "Data", type: "integer") { count($0["data"]?.object?.count) }, age]
        case .events: events
        case .namespaces: [name, text("Status", "status", "phase", default: "Active"), age]
        case .leases: [name, text("Holder", "spec", "holderIdentity"), age]
        case .controllerRevisions: [name, controller, number("Revision", "revision"), age]
        default: [name, age]
        }
    }

    private static let name = text("Name", "metadata", "name")
    private static let age = TableColumn(name: "Age") { .string(Age.text($0["metadata", "creationTimestamp"])) }
    private static let containers = TableColumn(name: "Containers", priority: 1) { names($0, "name") }
    private static let images = TableColumn(name: "Images", priority: 1) { names($0, "image") }
    private static let selector = TableColumn(name: "Selector", priority: 1) { object in
        .string(pairs(object["spec", "selector", "matchLabels"] ?? object["spec", "selector"]))
    }

    private static let statefulSets = [
        name, TableColumn(name: "Ready") { ready($0, of: "replicas") }, age, containers, images,
    ]
    private static let deployments = [
        name, TableColumn(name: "Ready") { ready($0, of: "replicas") },
        number("Up-to-date", "status", "updatedReplicas"), number("Available", "status", "availableReplicas"), age,
        containers, images, selector,
    ]
    private static let replicaSets = [
        name, number("Desired", "spec", "replicas"), number("Current", "status", "replicas"),
        number("Ready", "status", "readyReplicas"), age, containers, images, selector,
    ]
    private static let jobs = [
        name,
        TableColumn(name: "Completions") { job in
            let wanted = job["spec", "completions"]?.integer
            let succeeded = job["status", "succeeded"]?.integer ?? 0
            return .string("\(succeeded)/\(wanted ?? 1)")
        },
        TableColumn(name: "Duration") { job in
            guard let start = Timestamp.date(job["status", "startTime"]) else { return "" }
            let end = Timestamp.date(job["status", "completionTime"]) ?? Date()
            return .string(Age.text(seconds: Int(end.timeIntervalSince(start))))
        },
        age, containers, images, selector,
    ]
    private static let cronJobs = [
        name, text("Schedule", "spec", "schedule"),
        TableColumn(name: "Suspend") { $0["spec", "suspend"] == true ? "True" : "False" },
        TableColumn(name: "Active", type: "integer") { count($0["status", "active"]?.array?.count) },
        TableColumn(name: "Last Schedule") { cronJob in
            cronJob["status", "lastScheduleTime"].map { .string(Age.text($0)) } ?? "<none>"
        },
        age,
    ]
    private static let services = [
        name, text("Type", "spec", "type", default: "ClusterIP"),
        text("Cluster-IP", "spec", "clusterIP", default: "<none>"),
        TableColumn(name: "External-IP") { _ in "<none>" }, TableColumn(name: "Port(s)", cell: ports), age,
        TableColumn(name: "Selector", priority: 1) { .string(pairs($0["spec", "selector"])) },
    ]
    private static let pods = [
        name, TableColumn(name: "Ready") { .string(PodSummary($0).ready) },
        TableColumn(name: "Status") { .string(PodSummary($0).status) },
        TableColumn(name: "Restarts", type: "integer") { .integer(Int64(PodSummary($0).restarts)) }, age,
        text("IP", "status", "podIP", default: "<none>", priority: 1),
        text("Node", "spec", "nodeName", default: "<none>", priority: 1),
        text("Nominated Node", "status", "nominatedNodeName", default: "<none>", priority: 1),
        TableColumn(name: "Readiness Gates", priority: 1) { _ in "<none>" },
    ]
    private static let events = [
        TableColumn(name: "Last Seen") { event in
            .string(Age.text(event["lastTimestamp"] ?? event["firstTimestamp"] ?? event["eventTime"]))
        },
        text("Type", "type"), text("Reason", "reason"),
        TableColumn(name: "Object") { event in
            .string(
                "\(event["involvedObject", "kind"]?.string?.lowercased() ?? "")/\(event["involvedObject", "name"]?.string ?? "")"
            )
        },
        text("Subobject", "involvedObject", "fieldPath", priority: 1),
        text("Source", "source", "component", priority: 1),
        text("Message", "message"),
        TableColumn(name: "First Seen", priority: 1) { .string(Age.text($0["firstTimestamp"])) },
        TableColumn(name: "Count", priority: 1) { count($0["count"]?.integer ?? 1) },
        text("Name", "metadata", "name", priority: 1),
    ]
    private static let controller = TableColumn(name: "Controller") { object in
        let owner = object["metadata", "ownerReferences"]?.array?.first { $0["controller"] == true }
        guard let owner, let kind = owner["kind"]?.string, let name = owner["name"]?.string else { return "<none>" }
        let group = owner["apiVersion"]?.string?.split(separator: "/").dropLast().first.map { ".\($0)" } ?? ""
        return .string("\(kind.lowercased())\(group)/\(name)")
    }

    private static func text(
        _ name: String, _ path: String..., default none: String = "", priority: Int = 0
    ) -> TableColumn {
        TableColumn(name: name, priority: priority) { object in
            let found = path.reduce(Optional(object)) { $0?[$1] }?.string ?? ""
            return .string(found.isEmpty ? none : found)
        }
    }

    private static func number(_ name: String, _ path: String...) -> TableColumn {
        TableColumn(name: name, type: name == "Up-to-date" ? "string" : "integer") { object in
            count(path.reduce(Optional(object)) { $0?[$1] }?.integer)
        }
    }

    private static func count(_ number: Int?) -> JSONValue { .integer(Int64(number ?? 0)) }

    private static func ready(_ object: JSONValue, of replicas: String) -> JSONValue {
        .string("\(object["status", "readyReplicas"]?.integer ?? 0)/\(object["spec", replicas]?.integer ?? 0)")
    }

    private static func names(_ object: JSONValue, _ field: String) -> JSONValue {
        let containers = object["spec", "template", "spec", "containers"]?.array ?? []
        return .string(containers.compactMap { $0[field]?.string }.joined(separator: ","))
    }

    private static func pairs(_ labels: JSONValue?) -> String {
        let pairs = (labels?.strings ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return pairs.isEmpty ? "<none>" : pairs.joined(separator: ",")
    }

    private static func ports(_ service: JSONValue) -> JSONValue {
        let ports = (service["spec", "ports"]?.array ?? []).map { port in
            let node = port["nodePort"]?.integer.map { ":\($0)" } ?? ""
            return "\(port["port"]?.integer ?? 0)\(node)/\(port["protocol"]?.string ?? "TCP")"
        }
        return .string(ports.isEmpty ? "<none>" : ports.joined(separator: ","))
    }
}

/// Ages as `kubectl` shows them.
///
/// Source: `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
enum Age {
    static func text(_ timestamp: JSONValue?, now: Date = Date()) -> String {
        guard let text = timestamp?.string else { return "<unknown>" }
        // MicroTime has a fraction.
        let whole = text.replacing(/\.[0-9]+Z$/, with: "Z")
        // A time that cannot be read is shown as such, as kubectl does.
        guard let date = try? Date(whole, strategy: .iso8601) else { return "<unknown>" }
        return self.text(seconds: Int(now.timeIntervalSince(date)))
    }

    static func text(seconds: Int) -> String {
        func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
        }
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400)
        switch seconds {
        case ..<(-1): return "<invalid>"
        case ..<0: return "0s"
        case ..<120: return "\(seconds)s"
        case ..<600: return pair(minutes, "m", seconds % 60, "s")
        case ..<(3 * 3600): return "\(minutes)m"
        case ..<(8 * 3600): return pair(hours, "h", minutes % 60, "m")
        case ..<(48 * 3600): return "\(hours)h"
        case ..<(192 * 3600): return pair(days, "d", hours % 24, "h")
        case ..<(365 * 2 * 86400): return "\(days)d"
        case ..<(365 * 8 * 86400): return pair(days / 365, "y", days % 365, "d")
        default: return "\(days / 365)y"
        }
    }
}
