import FoundationEssentials

/// What a request's method and path mean, by the API's grammar of paths.
///
/// Source: `k8s.io/apiserver/pkg/endpoints/request/requestinfo.go`.
struct APIRequest: Sendable, Hashable {
    var method: String
    var path: String
    /// The query's parameters, the last of each name.
    var query: [String: String] = [:]
    /// What is asked for; nil for a path that names no resource (`/version`, discovery).
    var action: Action?
    var version = ""

    /// - Parameters:
    ///   - method: `GET`, `PATCH` …
    ///   - target: path and query, as the request line has them.
    /// - Throws: `StatusError` 400 where the target cannot be decoded.
    init(method: String, target: String) throws(StatusError) {
        // Go writes a space of the query as a plus sign.
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let plain = parts.count > 1 ? "\(parts[0])?\(parts[1].replacing("+", with: "%20"))" : target
        guard let components = URLComponents(string: plain) else {
            throw .badRequest("the request target is not valid")
        }
        self.method = method
        path = components.path
        for item in components.queryItems ?? [] { query[item.name] = item.value ?? "" }
        readResource(path.split(separator: "/").map(String.init))
    }

    private mutating func readResource(_ segments: [String]) {
        var rest = segments[...]
        var action = Action(verb: "", group: "", resource: "", namespace: "", name: "")
        switch rest.popFirst() {
        case "api": break
        case "apis":
            guard let group = rest.popFirst() else { return }
            action.group = group
        default: return
        }
        guard let version = rest.popFirst(), !rest.isEmpty else { return }
        if rest.first == "namespaces", rest.count > 1 {
            action.namespace = rest[rest.startIndex + 1]
            // `/namespaces/shop` and `/namespaces/shop/status` mean the namespace itself.
            if rest.count > 2, !["status", "finalize"].contains(rest[rest.startIndex + 2]) { rest = rest.dropFirst(2) }
        }
        action.resource = rest.popFirst() ?? ""
        action.name = rest.popFirst() ?? ""
        // What follows it is the subresource's own: a path to pass on, for `proxy`.
        action.subresource = rest.popFirst() ?? ""
        action.verb = verb(named: !action.name.isEmpty)
        if action.name.isEmpty, ["list", "watch"].contains(action.verb) {
            // So that a rule for one object's name allows to list and watch just that object. A selector that cannot be
            // read is refused later, with its reason.
            action.name = (try? FieldSelector(query["fieldSelector"] ?? ""))?.name ?? ""
        }
        self.version = version
        self.action = action
    }

    private func verb(named: Bool) -> String {
        switch method {
        case "GET": isWatch ? "watch" : named ? "get" : "list"
        case "POST": "create"
        case "PUT": "update"
        case "PATCH": "patch"
        case "DELETE": named ? "delete" : "deletecollection"
        default: ""
        }
    }

    var isWatch: Bool { flag("watch") }

    func flag(_ name: String) -> Bool { ["true", "1"].contains(query[name]) }

    /// A whole number of the query; nil where it is not given, or empty.
    ///
    /// - Throws: `StatusError` 400 where it is none.
    func number(_ name: String) throws(StatusError) -> Int? {
        guard let text = query[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
        }
        return number
    }
}
