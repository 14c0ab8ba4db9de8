import Planning
import Workloads

@testable import Reconciling

/// Workloads as a cluster has them before Descry has ever been there.
enum BootstrapScene {
    static let registry = "nexus.example.com:32554/shop"
    static let rc = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"
    static let release = "1.0.0-release-0a1b2c3"

    /// - Parameters:
    ///   - containers: `NAME=IMAGE`; without a slash in it, the image lies in the registry.
    static func workload(
        _ name: String, _ kind: WorkloadKind = .statefulSet, _ containers: [String]? = nil, initial: [String] = []
    ) -> Workload {
        Workload(
            key: WorkloadKey(kind: kind, name: name), uid: "uid-\(name)", resourceVersion: "7", generation: 1,
            replicas: 1, strategy: UpdateStrategy(type: "RollingUpdate", partition: nil),
            selector: PodSelector(matchLabels: ["app": name]),
            containers: (containers ?? ["\(name)=\(name):\(rc)"]).map(container),
            initContainers: initial.map(container),
            status: WorkloadStatus(observedGeneration: 1, replicas: 1, ready: 1, updated: 1))
    }

    private static func container(_ text: String) -> Container {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let image = parts[1].contains("/") ? parts[1] : "\(registry)/\(parts[1])"
        return Container(name: parts[0], image: ContainerImage(image))
    }

    static func bootstrap(
        _ workloads: [Workload], name: String = "DEV", versions: String = "rc,release", registry: String? = registry,
        _ settings: [EnvironmentSetting: String] = [:]
    ) throws -> Bootstrap {
        try Bootstrap(
            [wanted(workloads, name: name, versions: versions, registry: registry, settings)],
            folder: "deployment/environments", workingFolder: "/home/ann")
    }

    static func wanted(
        _ workloads: [Workload], name: String = "DEV", versions: String = "rc,release", registry: String? = registry,
        _ settings: [EnvironmentSetting: String] = [:]
    ) -> Bootstrap.Wanted {
        Bootstrap.Wanted(
            name: name, namespace: "shop-\(name.lowercased())",
            settings: [.repository: "../deployments.git", .versions: versions].merging(settings) { $1 },
            registry: registry, context: nil, inventory: .init(workloads: workloads, isCertain: true))
    }
}
