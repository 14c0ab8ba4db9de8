/// The documents by which clients find out what is served.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>.
enum Discovery {
    /// - Returns: the document at a path; nil where there is none.
    static func document(_ path: String, server: String) -> JSONValue? {
        let segments = path.split(separator: "/").map(String.init)
        switch (segments.first, segments.count) {
        case ("api", 1): return versions(server: server)
        case ("apis", 1):
            return [
                "kind": "APIGroupList", "apiVersion": "v1",
                "groups": .array(groupNames.map { group($0, isAlone: false) }),
            ]
        case ("api", 2): return resources("", segments[1])
        case ("apis", 2): return groupNames.contains(segments[1]) ? group(segments[1], isAlone: true) : nil
        case ("apis", 3): return resources(segments[1], segments[2])
        case ("version", 1): return version
        case ("openapi", _): return OpenAPI.document(segments)
        default: return nil
        }
    }

    private static let groupNames = Set(APIResource.all.map(\.group)).subtracting([""]).sorted()

    /// The version whose behaviour the sandbox shows.
    private static let version: JSONValue = [
        "major": "1", "minor": "20", "gitVersion": "v1.20.2+descry.sandbox", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift", "platform": "sandbox",
    ]

    private static func versions(server: String) -> JSONValue {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [
                ["clientCIDR": "0.0.0.0/0", "serverAddress": .string(server.replacing("https://", with: ""))]
            ],
        ]
    }

    private static func group(_ name: String, isAlone: Bool) -> JSONValue {
        let version: JSONValue = ["groupVersion": .string("\(name)/v1"), "version": "v1"]
        var group: JSONValue = ["name": .string(name), "versions": [version], "preferredVersion": version]
        if isAlone {
            group["kind"] = "APIGroup"
            group["apiVersion"] = "v1"
        }
        return group
    }

    private static func resources(_ group: String, _ version: String) -> JSONValue? {
        let served = APIResource.all.filter { $0.group == group && $0.version == version }
        guard let first = served.first else { return nil }
        let entries = served.sorted { $0.plural < $1.plural }.flatMap { resource in
            var whole = entry(resource, resource.plural, verbs: resource.verbs)
            if !resource.shortNames.isEmpty { whole["shortNames"] = .array(resource.shortNames.map { .string($0) }) }
            if inAll.contains(resource.plural) { whole["categories"] = ["all"] }
            guard resource.hasStatus else { return [whole] }
            let log = resource == .pods ? [entry(resource, "pods/log", verbs: ["get"])] : []
            return [whole] + log + [entry(resource, "\(resource.plural)/status", verbs: ["get", "patch", "update"])]
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(first.apiVersion),
            "resources": .array(entries),
        ]
    }

    /// What `kubectl get all` means.
    private static let inAll = ["pods", "services", "statefulsets", "deployments", "replicasets", "jobs", "cronjobs"]

    private static func entry(_ resource: APIResource, _ name: String, verbs: [String]) -> JSONValue {
        [
            "name": .string(name), "singularName": "", "namespaced": .bool(resource.isNamespaced),
            "kind": .string(resource.kind), "verbs": .array(verbs.map { .string($0) }),
        ]
    }
}
