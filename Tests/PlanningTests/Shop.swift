import Descriptors
import Planning
import Workloads

/// A small shop to plan for: descriptors from YAML, workloads by hand.
enum Shop {
    static let registry = "nexus.example.com:32554/shop"
    static let old = "1.0.0-release-0a1b2c3"
    static let new = "1.1.0-release-4d5e6f7"
    static let commit = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"

    static let rules = PlanningRules(
        environment: "DEV", namespace: "shop-dev", registry: registry, channels: [.rc, .release])

    static func descriptor(_ yaml: String) throws -> Descriptor {
        try Descriptor.parse(Array(yaml.utf8), file: "deploy-descriptor.yaml")
    }

    /// A workload as the plan wants it at `version`: change it to make it differ.
    static func workload(
        _ name: String, kind: WorkloadKind = .statefulSet, version: String = old, containers: [String]? = nil
    ) -> Workload {
        let names = containers ?? [name]
        let image = ContainerImage("\(registry)/\(name):\(version)")
        return Workload(
            key: WorkloadKey(kind: kind, name: name), uid: "uid-\(name)", resourceVersion: "7", generation: 1,
            annotations: [
                "descry.dev/environment": "DEV", "descry.dev/version": version, "descry.dev/commit": "0000000",
                "kubernetes.io/change-cause": "the deployment before",
            ],
            replicas: 3, strategy: UpdateStrategy(type: "RollingUpdate", partition: kind == .statefulSet ? 0 : nil),
            selector: PodSelector(matchLabels: ["app": name]),
            containers: names.map { Container(name: $0, image: image) },
            status: WorkloadStatus(observedGeneration: 1, replicas: 3, ready: 3, updated: 3))
    }

    static func plan(_ yaml: String, _ workloads: [Workload], rules: PlanningRules = rules) throws -> Plan {
        Plan(
            apps: try descriptor(yaml).apps, commit: commit, rules: rules,
            observed: Dictionary(workloads.map { ($0.key, $0) }, uniquingKeysWith: { $1 }))
    }

    static func app(_ name: String, _ version: String = new, _ more: String = "") -> String {
        "  - name: \(name)\n    version: \(version)\n" + (more.isEmpty ? "" : "    \(more)\n")
    }
}
