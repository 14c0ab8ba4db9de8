/// What a Job is made after: the `jobTemplate` of a CronJob, or a Job that does not run itself.
///
/// The specification is kept whole, with fields that this version of Descry does not know.
public struct JobTemplate: Sendable, Hashable {
    /// Where it was found.
    public enum Kind: String, Sendable, Hashable {
        case cronJob = "CronJob"
        case job = "Job"
    }

    public let kind: Kind
    public let name: String
    let labels: [String: String]
    let annotations: [String: String]
    private(set) var spec: JSONValue

    init(cronJob name: String, _ object: JSONValue) {
        let template = object["spec"]?["jobTemplate"]
        self.init(.cronJob, name, metadata: template?["metadata"], spec: template?["spec"])
    }

    init(job name: String, _ object: JSONValue) {
        self.init(.job, name, metadata: object["metadata"], spec: object["spec"])
        // The API server made these for that Job alone, and makes new ones.
        spec["selector"] = nil
        spec["manualSelector"] = nil
        if var template = spec["template"], var metadata = template["metadata"] {
            metadata["labels"] = metadata["labels"].map { JSONValue($0.strings.filter { !Self.isOwn($0.key) }) }
            template["metadata"] = metadata
            spec["template"] = template
        }
    }

    private init(_ kind: Kind, _ name: String, metadata: JSONValue?, spec: JSONValue?) {
        self.kind = kind
        self.name = name
        labels = (metadata?["labels"]?.strings ?? [:]).filter { !Self.isOwn($0.key) }
        annotations = (metadata?["annotations"]?.strings ?? [:]).filter {
            $0.key != "kubectl.kubernetes.io/last-applied-configuration" && !$0.key.hasPrefix("batch.kubernetes.io/")
        }
        self.spec = spec ?? .object([:])
    }

    /// Labels that tell one Job's pods from another's; the prefix came with Kubernetes 1.27.
    private static func isOwn(_ label: String) -> Bool {
        ["controller-uid", "job-name"].contains { label == $0 || label == "batch.kubernetes.io/\($0)" }
    }

    /// True where the template is a Job that is not suspended, and so has run by itself.
    public var runsByItself: Bool { kind == .job && spec["suspend"] != .bool(true) }

    /// The Job to create.
    ///
    /// - Parameters:
    ///   - deadline: seconds after which the cluster ends it, where the template has no shorter deadline: nobody may be left to.
    ///   - timeToLive: seconds for which it stays when it has ended, where the template says nothing of it.
    func job(
        _ name: String, labels: [String: String], annotations: [String: String], deadline: Int64, timeToLive: Int64
    )
        -> JSONValue
    {
        var spec = spec
        spec["suspend"] = .bool(false)
        spec["activeDeadlineSeconds"] = .integer(min(spec["activeDeadlineSeconds"]?.integer ?? deadline, deadline))
        if spec["ttlSecondsAfterFinished"] == nil { spec["ttlSecondsAfterFinished"] = .integer(timeToLive) }
        return .object([
            "apiVersion": .string("batch/v1"), "kind": .string("Job"), "spec": spec,
            "metadata": .object([
                "name": .string(name), "labels": JSONValue(self.labels.merging(labels) { _, mine in mine }),
                "annotations": JSONValue(self.annotations.merging(annotations) { _, mine in mine }),
            ]),
        ])
    }
}
