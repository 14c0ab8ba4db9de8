import FoundationEssentials
import Workloads

/// The object that a server-side apply sends: the fields that Descry owns, and what identifies the object.
struct ApplyBody: Encodable {
    struct Metadata: Encodable {
        var name: String
        var uid: String
        var resourceVersion: String?
        var annotations: [String: String]?
    }

    struct Strategy: Encodable {
        struct RollingUpdate: Encodable { var partition: Int }
        var type = "RollingUpdate"
        var rollingUpdate: RollingUpdate?
    }

    struct Container: Encodable {
        var name: String
        var image: String
    }

    struct PodSpec: Encodable {
        var containers: [Container]?
        var initContainers: [Container]?
    }

    struct Template: Encodable { var spec: PodSpec }

    struct Spec: Encodable {
        /// Of a StatefulSet or DaemonSet. A Deployment's `strategy` is its own: both of its kinds replace all pods, and an
        /// app whose volume only one pod may mount depends on `Recreate`.
        var updateStrategy: Strategy?
        var template: Template?
    }

    let apiVersion = "apps/v1"
    var kind: String
    var metadata: Metadata
    var spec: Spec

    init(_ patch: WorkloadPatch) {
        kind = patch.key.kind.rawValue
        metadata = Metadata(
            name: patch.key.name, uid: patch.uid, resourceVersion: patch.resourceVersion,
            annotations: patch.annotations.isEmpty ? nil : patch.annotations)
        let containers = Self.containers(patch.images.filter { !$0.isInit })
        let initContainers = Self.containers(patch.images.filter(\.isInit))
        spec = Spec(
            template: containers == nil && initContainers == nil
                ? nil : Template(spec: PodSpec(containers: containers, initContainers: initContainers)))
        switch patch.key.kind {
        // An old partition left in place would update some pods only.
        case .statefulSet:
            let strategy = patch.strategy ?? UpdateStrategy(type: "RollingUpdate", partition: 0)
            spec.updateStrategy = Strategy(
                type: strategy.type, rollingUpdate: strategy.partition.map { .init(partition: $0) })
        case .daemonSet: spec.updateStrategy = Strategy(type: patch.strategy?.type ?? "RollingUpdate")
        case .deployment: break
        }
    }

    private static func containers(_ images: [WorkloadPatch.Image]) -> [Container]? {
        images.isEmpty ? nil : images.map { Container(name: $0.container, image: $0.image.description) }
    }

    /// JSON, which is YAML too. Sorted, so that the same patch is the same bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
