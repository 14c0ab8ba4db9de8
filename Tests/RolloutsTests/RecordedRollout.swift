import Workloads

@testable import Kubernetes

/// A recording as `scripts/record-fixtures` writes it, read with the decoder that `apply` uses.
struct RecordedRollout: Decodable {
    struct Target: Decodable {
        let kind: WorkloadKind
        let name: String
        let uid: String
        let generation: Int64
        let images: [String: String]
    }

    struct Event: Decodable {
        /// Milliseconds since the patch.
        let at: Int
        let event: Recording.Event

        private enum CodingKeys: String, CodingKey { case at, type, object }

        private struct Kind: Decodable { let kind: String }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            at = try fields.decode(Int.self, forKey: .at)
            let isDeleted = try fields.decode(String.self, forKey: .type) == "DELETED"
            func object<Object: ClusterObject>(_ type: Object.Type) throws -> Object.Value {
                try fields.decode(type, forKey: .object).value()
            }
            switch try fields.decode(Kind.self, forKey: .object).kind {
            case "StatefulSet": event = .workload(try object(StatefulSetObject.self), isDeleted: isDeleted)
            case "Deployment": event = .workload(try object(DeploymentObject.self), isDeleted: isDeleted)
            case "DaemonSet": event = .workload(try object(DaemonSetObject.self), isDeleted: isDeleted)
            case "Pod": event = .pod(try object(PodObject.self), isDeleted: isDeleted)
            case let kind:
                throw DecodingError.dataCorruptedError(
                    forKey: .object, in: fields, debugDescription: "no kind of a rollout: \(kind)")
            }
        }
    }

    let target: Target
    let events: [Event]
}
