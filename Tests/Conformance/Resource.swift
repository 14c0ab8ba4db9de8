/// A kind of object, and where the API serves it.
public struct Resource: Sendable {
    let apiVersion: String
    let plural: String
    let kind: String

    /// `statefulsets.apps`, as messages and access reviews name it.
    var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }
    /// `apps`; empty for the core group.
    var group: String { apiVersion.contains("/") ? String(apiVersion.prefix { $0 != "/" }) : "" }
    /// `/apis/apps/v1`
    var root: String { group.isEmpty ? "/api/\(apiVersion)" : "/apis/\(apiVersion)" }

    static let namespaces = Resource(apiVersion: "v1", plural: "namespaces", kind: "Namespace")
    static let pods = Resource(apiVersion: "v1", plural: "pods", kind: "Pod")
    static let services = Resource(apiVersion: "v1", plural: "services", kind: "Service")
    static let configMaps = Resource(apiVersion: "v1", plural: "configmaps", kind: "ConfigMap")
    static let events = Resource(apiVersion: "v1", plural: "events", kind: "Event")
    static let statefulSets = Resource(apiVersion: "apps/v1", plural: "statefulsets", kind: "StatefulSet")
    static let deployments = Resource(apiVersion: "apps/v1", plural: "deployments", kind: "Deployment")
    static let replicaSets = Resource(apiVersion: "apps/v1", plural: "replicasets", kind: "ReplicaSet")
    static let revisions = Resource(apiVersion: "apps/v1", plural: "controllerrevisions", kind: "ControllerRevision")
    static let jobs = Resource(apiVersion: "batch/v1", plural: "jobs", kind: "Job")
    static let leases = Resource(apiVersion: "coordination.k8s.io/v1", plural: "leases", kind: "Lease")
    static let accessReviews = Resource(
        apiVersion: "authorization.k8s.io/v1", plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview")
}
