import Workloads

/// An object as the API server sends it: decoded leniently, since servers of other versions leave out and add fields.
protocol ClusterObject: Decodable, Sendable {
    associatedtype Value: Sendable
    var metadata: ObjectMetadata { get }
    func value() -> Value
    /// What tells the value apart from others of its kind in the namespace.
    static func name(of value: Value) -> String
}

extension ClusterObject where Value == Workload {
    static func name(of value: Workload) -> String { value.key.name }
}

extension ClusterObject where Value == PodState {
    static func name(of value: PodState) -> String { value.name }
}

struct ObjectMetadata: Decodable, Sendable {
    struct Owner: Decodable, Sendable {
        var uid: String
        var kind: String?
        var name: String?
        var controller: Bool?
    }

    var name: String
    var uid: String?
    var resourceVersion: String?
    var generation: Int64?
    var labels: [String: String]?
    var annotations: [String: String]?
    var deletionTimestamp: String?
    var ownerReferences: [Owner]?

    /// `KIND/NAME` of the controlling owner.
    var controller: String? {
        ownerReferences?.first { $0.controller == true }.map { "\($0.kind ?? "")/\($0.name ?? "")" }
    }
}

struct LabelSelectorObject: Decodable, Sendable {
    struct Expression: Decodable, Sendable {
        var key: String
        var `operator`: String
        var values: [String]?
    }

    var matchLabels: [String: String]?
    var matchExpressions: [Expression]?

    var value: PodSelector {
        PodSelector(
            matchLabels: matchLabels ?? [:],
            matchExpressions: (matchExpressions ?? []).map {
                .init(key: $0.key, operator: $0.operator, values: $0.values ?? [])
            })
    }
}

struct ContainerObject: Decodable, Sendable {
    var name: String
    var image: String?

    var value: Container { Container(name: name, image: ContainerImage(image ?? "")) }
}

struct PodSpecObject: Decodable, Sendable {
    var containers: [ContainerObject]?
    var initContainers: [ContainerObject]?
}

struct PodTemplateObject: Decodable, Sendable {
    var spec: PodSpecObject?
}

struct ConditionObject: Decodable, Sendable {
    var type: String
    var status: String?
    var reason: String?
    var message: String?
    var lastTransitionTime: String?

    var value: WorkloadCondition {
        WorkloadCondition(type: type, status: status ?? "Unknown", reason: reason, message: message)
    }
}

/// `spec.updateStrategy` and `spec.strategy`.
struct StrategyObject: Decodable, Sendable {
    struct RollingUpdate: Decodable, Sendable { var partition: Int? }

    var type: String?
    var rollingUpdate: RollingUpdate?

    /// The API's default for all three kinds is `RollingUpdate`.
    var value: UpdateStrategy { UpdateStrategy(type: type ?? "RollingUpdate", partition: rollingUpdate?.partition) }
}
