/// How writes treat a list: whole, as a set, or as a map of its items.
///
/// Source: `x-kubernetes-list-type`, `x-kubernetes-list-map-keys` and `x-kubernetes-patch-merge-key` in the OpenAPI document
/// of Kubernetes 1.20, for the served kinds.
enum ListType: Sendable, Hashable {
    case atomic
    case set
    /// Items are told apart by these fields; a strategic merge patch looks at the first one only.
    case map(keys: [String])

    /// - Parameters:
    ///   - field: the list's name in its object.
    ///   - items: tell container ports from service ports.
    init(field: String, items: [JSONValue]) {
        switch field {
        case "containers", "initContainers", "ephemeralContainers", "env", "imagePullSecrets", "volumes":
            self = .map(keys: ["name"])
        case "ports":
            let isContainers = items.contains { $0["containerPort"] != nil }
            self = .map(keys: [isContainers ? "containerPort" : "port", "protocol"])
        case "volumeMounts": self = .map(keys: ["mountPath"])
        case "volumeDevices": self = .map(keys: ["devicePath"])
        case "topologySpreadConstraints": self = .map(keys: ["topologyKey", "whenUnsatisfiable"])
        case "conditions": self = .map(keys: ["type"])
        case "hostAliases", "podIPs": self = .map(keys: ["ip"])
        case "ownerReferences": self = .map(keys: ["uid"])
        case "finalizers": self = .set
        default: self = .atomic
        }
    }
}
