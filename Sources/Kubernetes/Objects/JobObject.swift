import Workloads

/// `batch/v1` Job, as far as it is watched to its end.
struct JobObject: ClusterObject {
    struct Status: Decodable, Sendable {
        var conditions: [ConditionObject]?
        var active: Int?
        var succeeded: Int?
        var failed: Int?
    }

    var metadata: ObjectMetadata
    var status: Status?

    func value() -> JobState {
        // A Job has ended once one of these is true, and never begins again; `FailureTarget` and `SuccessCriteriaMet` of later
        // versions only say that it is about to.
        let conditions = (status?.conditions ?? []).map(\.value).filter { $0.status == "True" }
        var outcome = JobState.Outcome.running
        if let failed = conditions.first(where: { $0.type == "Failed" }) {
            outcome = .failed(reason: failed.reason ?? "Failed", message: failed.message ?? "")
        } else if conditions.contains(where: { $0.type == "Complete" }) {
            outcome = .complete
        }
        return JobState(
            name: metadata.name, uid: metadata.uid ?? "", annotations: metadata.annotations ?? [:],
            isBeingDeleted: metadata.deletionTimestamp != nil, outcome: outcome, active: status?.active ?? 0,
            succeeded: status?.succeeded ?? 0, failed: status?.failed ?? 0)
    }

    static func name(of value: JobState) -> String { value.name }
}

/// A `v1` Pod with the time of its creation, by which the newest of a Job's is told.
struct JobPodObject: ClusterObject {
    struct Metadata: Decodable, Sendable { var creationTimestamp: String? }

    var metadata: ObjectMetadata
    private var pod: PodObject
    private var created: String

    private enum CodingKeys: String, CodingKey { case metadata }

    init(from decoder: any Decoder) throws {
        pod = try PodObject(from: decoder)
        metadata = pod.metadata
        let container = try decoder.container(keyedBy: CodingKeys.self)
        created = try container.decode(Metadata.self, forKey: .metadata).creationTimestamp ?? ""
    }

    func value() -> JobPod { JobPod(state: pod.value(), createdAt: created) }

    static func name(of value: JobPod) -> String { value.state.name }
}
