import Sandbox
import TestServers

/// Objects with the least that the API demands.
enum Manifest {
    static let good = "registry.example/shop/app:\(Fate.runs.version())"
    static let better = "registry.example/shop/app:\(Fate.runs.version("1.1.0"))"

    static func image(_ fate: Fate, _ numbers: String = "1.0.0") -> String {
        "registry.example/shop/app:\(fate.version(numbers))"
    }

    /// A workload of one container `app` (or more: name and image each), which selects by `app: NAME`.
    static func workload(
        _ resource: Resource, _ name: String, image: String = good, replicas: Int = 1, containers: [JSONValue]? = nil,
        spec: [String: JSONValue] = [:]
    ) -> JSONValue {
        var object: JSONValue = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "metadata": ["name": .string(name)],
        ]
        object["spec", "replicas"] = .integer(Int64(replicas))
        object["spec", "selector", "matchLabels", "app"] = .string(name)
        object["spec", "template", "metadata", "labels", "app"] = .string(name)
        object["spec", "template", "spec", "terminationGracePeriodSeconds"] = 0
        object["spec", "template", "spec", "containers"] = .array(containers ?? [container("app", image)])
        if resource.kind == "StatefulSet" { object["spec", "serviceName"] = .string(name) }
        for (field, value) in spec { object["spec", field] = value }
        return object
    }

    static func container(_ name: String, _ image: String) -> JSONValue {
        ["name": .string(name), "image": .string(image)]
    }

    static func configMap(_ name: String, labels: [String: String] = [:], _ data: [String: String] = [:]) -> JSONValue {
        var object: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)]]
        if !labels.isEmpty { object["metadata", "labels"] = .object(labels.mapValues { .string($0) }) }
        if !data.isEmpty { object["data"] = .object(data.mapValues { .string($0) }) }
        return object
    }

    static func pod(_ name: String, image: String = good, labels: [String: String] = [:]) -> JSONValue {
        var object: JSONValue = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)]]
        object["metadata", "labels"] = .object(labels.mapValues { .string($0) })
        object["spec", "containers"] = [container("app", image)]
        // A new namespace has no token to mount yet.
        object["spec", "automountServiceAccountToken"] = false
        object["spec", "terminationGracePeriodSeconds"] = 0
        return object
    }

    /// What Descry applies: the fields that it owns and nothing else.
    static func deployment(of image: String, container name: String = "app", version: String = "1.0.0") -> JSONValue {
        var object: JSONValue = ["metadata": ["annotations": ["descry.dev/version": .string(version)]]]
        object["spec", "updateStrategy"] = ["type": "RollingUpdate", "rollingUpdate": ["partition": 0]]
        object["spec", "template", "spec", "containers"] = [container(name, image)]
        return object
    }
}
