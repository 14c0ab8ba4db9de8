/// The kinds of workload that Descry deploys to.
///
/// The raw value is the Kubernetes `kind`, exactly as written in manifests and descriptors.
public enum WorkloadKind: String, Sendable, Hashable, CaseIterable, Codable {
    case statefulSet = "StatefulSet"
    case deployment = "Deployment"
    case daemonSet = "DaemonSet"

    /// The lower-case plural that the API's paths and RBAC rules use, all in the group `apps/v1`.
    public var resource: String {
        switch self {
        case .statefulSet: "statefulsets"
        case .deployment: "deployments"
        case .daemonSet: "daemonsets"
        }
    }
}

/// Names one workload inside one namespace. Printed as kubectl does: `statefulset/backend`.
public struct WorkloadKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let kind: WorkloadKind
    public let name: String

    public init(kind: WorkloadKind, name: String) {
        self.kind = kind
        self.name = name
    }

    /// What ``canary`` adds to a name.
    public static let canarySuffix = "-canary"

    /// The Deployment that runs a Deployment's canaries beside it.
    public var canary: WorkloadKey { WorkloadKey(kind: .deployment, name: name + Self.canarySuffix) }

    public var description: String { "\(kind.rawValue.lowercased())/\(name)" }

    public static func < (left: WorkloadKey, right: WorkloadKey) -> Bool {
        (left.name, left.kind.rawValue) < (right.name, right.kind.rawValue)
    }
}
