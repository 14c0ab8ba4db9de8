/// A kind of object that the sandbox serves.
struct APIResource: Sendable, Hashable {
    var group: String
    var version: String
    /// `statefulsets`
    var plural: String
    /// `StatefulSet`
    var kind: String
    var shortNames: [String] = []
    var isNamespaced = true
    var verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    var hasStatus = false

    /// `apps/v1`, or `v1` of the core group.
    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    /// As messages of the API name it: `statefulsets.apps`, or `pods` of the core group.
    var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// Whether the API counts the changes of `spec` in `metadata.generation`.
    var hasGeneration: Bool { group == "apps" && hasStatus }

    static let namespaces = APIResource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", shortNames: ["ns"], isNamespaced: false)
    static let pods = APIResource(
        group: "", version: "v1", plural: "pods", kind: "Pod", shortNames: ["po"], hasStatus: true)
    static let services = APIResource(
        group: "", version: "v1", plural: "services", kind: "Service", shortNames: ["svc"])
    static let configMaps = APIResource(
        group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", shortNames: ["cm"])
    static let events = APIResource(group: "", version: "v1", plural: "events", kind: "Event", shortNames: ["ev"])
    static let statefulSets = APIResource(
        group: "apps", version: "v1", plural: "statefulsets", kind: "StatefulSet", shortNames: ["sts"], hasStatus: true)
    static let deployments = APIResource(
        group: "apps", version: "v1", plural: "deployments", kind: "Deployment", shortNames: ["deploy"], hasStatus: true
    )
    static let replicaSets = APIResource(
        group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", shortNames: ["rs"], hasStatus: true)
    static let controllerRevisions = APIResource(
        group: "apps", version: "v1", plural: "controllerrevisions", kind: "ControllerRevision")
    static let jobs = APIResource(group: "batch", version: "v1", plural: "jobs", kind: "Job", hasStatus: true)
    /// `batch/v1beta1` in Kubernetes 1.20, whose behaviour the sandbox shows otherwise: what users have is `batch/v1`.
    static let cronJobs = APIResource(
        group: "batch", version: "v1", plural: "cronjobs", kind: "CronJob", shortNames: ["cj"], hasStatus: true)
    static let leases = APIResource(group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")
    static let accessReviews = APIResource(
        group: "authorization.k8s.io", version: "v1", plural: "selfsubjectaccessreviews",
        kind: "SelfSubjectAccessReview", isNamespaced: false, verbs: ["create"])

    static let all = [
        namespaces, pods, services, configMaps, events, statefulSets, deployments, replicaSets, controllerRevisions,
        jobs, cronJobs, leases, accessReviews,
    ]
}
