import Workloads

/// A resource type of the API and its paths.
struct Resource: Sendable, Hashable {
    /// Empty for the core group.
    var group: String
    var plural: String
    var version = "v1"

    static let pods = Resource(group: "", plural: "pods")
    static let configMaps = Resource(group: "", plural: "configmaps")
    static let events = Resource(group: "", plural: "events")

    static let leases = Resource(group: "coordination.k8s.io", plural: "leases")

    static let jobs = Resource(group: "batch", plural: "jobs")
    static let cronJobs = Resource(group: "batch", plural: "cronjobs")
    /// Before Kubernetes 1.21.
    static let betaCronJobs = Resource(group: "batch", plural: "cronjobs", version: "v1beta1")

    init(group: String, plural: String, version: String = "v1") {
        self.group = group
        self.plural = plural
        self.version = version
    }

    init(_ kind: WorkloadKind) {
        self.init(group: "apps", plural: kind.resource)
    }

    func path(namespace: String, name: String? = nil) -> String {
        (group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)")
            + "/namespaces/\(PercentEncoding.encode(namespace))/\(plural)"
            + (name.map { "/" + PercentEncoding.encode($0) } ?? "")
    }

    func purpose(_ verb: String, _ name: String?, _ namespace: String) -> APIRequest.Purpose {
        .init(verb: verb, resource: group.isEmpty ? plural : "\(plural).\(group)", name: name, namespace: namespace)
    }
}

/// What a list or watch covers.
struct ListScope: Sendable, Hashable {
    var resource: Resource
    var namespace: String
    var labelSelector: String?
    var fieldSelector: String?

    init(_ resource: Resource, _ namespace: String, _ labelSelector: String?, _ fieldSelector: String?) {
        self.resource = resource
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
    }

    func purpose(_ verb: String) -> APIRequest.Purpose { resource.purpose(verb, nil, namespace) }

    func request(_ verb: String, _ query: [(name: String, value: String)]) -> APIRequest {
        var query = query
        if let labelSelector { query.append(("labelSelector", labelSelector)) }
        if let fieldSelector { query.append(("fieldSelector", fieldSelector)) }
        return APIRequest(path: resource.path(namespace: namespace), query: query, purpose: purpose(verb))
    }
}
