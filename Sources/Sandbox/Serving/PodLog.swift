/// The log of a container: what its fate would have made it write, told from its status.
struct PodLog {
    let pod: JSONValue
    let asked: APIRequest

    private var name: String { pod["metadata", "name"]?.string ?? "" }

    /// Parameters that the sandbox cannot honour: its logs have no times, and nothing is ever added while one looks.
    private static let unserved = ["follow", "sinceSeconds", "sinceTime", "timestamps"]

    /// - Throws: `StatusError` 400 where there is no such container, it is not said which, or it has not started.
    func text() throws(StatusError) -> String {
        for parameter in Self.unserved where !["", "false"].contains(asked.query[parameter] ?? "") {
            throw .notImplemented("pods/log with \(parameter)")
        }
        let container = try container()
        // Nobody has it yet, and the API server knows nobody to ask.
        guard pod["spec", "nodeName"] != nil else { return "" }
        let statuses = ["initContainerStatuses", "containerStatuses"].flatMap { pod["status", $0]?.array ?? [] }
        let status = statuses.first { $0["name"]?.string == container } ?? .null
        return try tail(of: lines(container, status))
    }

    /// Source of the wording: `pkg/registry/core/pod/strategy.go`, LogLocation.
    private func container() throws(StatusError) -> String {
        let lists = [pod["spec", "initContainers"], pod["spec", "containers"]]
            .map { ($0?.array ?? []).compactMap { $0["name"]?.string } }
        if let container = asked.query["container"], !container.isEmpty {
            guard lists.joined().contains(container) else {
                throw .badRequest("container \(container) is not valid for pod \(name)")
            }
            return container
        }
        if let only = lists[1].first, lists[1].count == 1 { return only }
        let inits = lists[0].isEmpty ? "" : " or one of the init containers: [\(lists[0].joined(separator: " "))]"
        throw .badRequest(
            "a container name must be specified for pod \(name), choose one of: [\(lists[1].joined(separator: " "))]"
                + inits)
    }

    /// Source of the wording: `pkg/kubelet/kubelet_pods.go`, validateContainerLogStatus.
    private func lines(_ container: String, _ status: JSONValue) throws(StatusError) -> [String] {
        let (last, waiting) = (status["lastState", "terminated"], status["state", "waiting", "reason"]?.string)
        if asked.flag("previous") {
            guard let last else {
                throw .badRequest("previous terminated container \"\(container)\" in pod \"\(name)\" not found")
            }
            return Self.lines(container, status, ending: last)
        }
        guard let waiting, last == nil else {
            return Self.lines(container, status, ending: status["state", "terminated"] ?? (waiting == nil ? nil : last))
        }
        let why =
            switch waiting {
            case "ErrImagePull": "image can't be pulled"
            case "ImagePullBackOff": "trying and failing to pull image"
            default: waiting
            }
        throw .badRequest("container \"\(container)\" in pod \"\(name)\" is waiting to start: \(why)")
    }

    private static func lines(_ container: String, _ status: JSONValue, ending: JSONValue?) -> [String] {
        let begin = "\(container): started \(status["image"]?.string ?? "")"
        guard let ending else { return status["state"] == nil ? [] : [begin] }
        switch (ending["reason"]?.string, ending["exitCode"]?.integer ?? 0) {
        case ("StartError", _): return []
        case ("OOMKilled", _): return [begin]
        case (_, 0): return [begin, "\(container): done"]
        case (_, let code): return [begin, "\(container): error: exit code \(code)"]
        }
    }

    private func tail(of lines: [String]) throws(StatusError) -> String {
        let wanted = try asked.number("tailLines").map { lines.suffix(max($0, 0)) } ?? lines[...]
        let text = wanted.map { $0 + "\n" }.joined()
        guard let limit = try asked.number("limitBytes") else { return text }
        return String(decoding: text.utf8.prefix(max(limit, 0)), as: UTF8.self)
    }
}
