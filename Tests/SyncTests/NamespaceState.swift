import Planning
import Scenes
import Workloads

@testable import Sandbox

/// All that a deployment may change in a namespace, as the cluster has it: to be compared with how it is to end.
struct NamespaceState: Hashable, CustomStringConvertible {
    struct App: Hashable {
        var image: String
        /// Those that Descry writes.
        var annotations: [String: String]
        var strategy: String
        /// An absent one means 0.
        var partition: Int
        /// `backend-0 IMAGE ready`; those of a Deployment without their names.
        var pods: [String]
    }

    var apps: [String: App] = [:]

    var images: [String: String] { apps.mapValues(\.image) }

    /// - Parameter commits: known commits by what they are called here: their own names differ from scene to scene.
    init(_ sandbox: Sandbox, commits: [String: String]) {
        // What is on its way out is not there any more: pods of a canary that was removed, and those that others replace.
        let pods = sandbox.store.list(.pods, namespace: "shop").items.filter {
            $0["metadata", "deletionTimestamp"] == nil && $0["metadata", "labels", "descry.dev/track"] == nil
        }
        let sets = [APIResource.statefulSets, .deployments].flatMap { sandbox.store.list($0, namespace: "shop").items }
        for set in sets {
            let name = set["metadata", "name"]?.string ?? ""
            let own = pods.filter { $0["metadata", "labels", "app"]?.string == name }
            apps[name] = App(
                image: Self.image(set["spec", "template"]), annotations: Self.annotations(set, commits),
                strategy: set["spec", "updateStrategy", "type"]?.string ?? set["spec", "strategy", "type"]?.string
                    ?? "",
                partition: set["spec", "updateStrategy", "rollingUpdate", "partition"]?.integer ?? 0,
                pods: own.map(Self.text).sorted())
        }
    }

    private static func annotations(_ set: JSONValue, _ commits: [String: String]) -> [String: String] {
        let own = (set["metadata", "annotations"]?.strings ?? [:]).filter {
            $0.key.hasPrefix("descry.dev/") || $0.key == WorkloadAnnotation.changeCause
        }
        return own.mapValues { text in
            commits.reduce(text) { text, commit in
                text.replacing(commit.key, with: commit.value).replacing(commit.key.prefix(12), with: commit.value)
            }
        }
    }

    private static func image(_ template: JSONValue?) -> String {
        template?["spec", "containers"]?.array?.first?["image"]?.string ?? ""
    }

    private static func text(_ pod: JSONValue) -> String {
        let conditions = pod["status", "conditions"]?.array ?? []
        let isReady = conditions.contains { $0["type"] == "Ready" && $0["status"] == "True" }
        let isOfSet = pod["metadata", "ownerReferences"]?.array?.first?["kind"] == "StatefulSet"
        let name = isOfSet ? pod["metadata", "name"]?.string ?? "" : "one"
        return "\(name) \(image(pod)) \(isReady ? "ready" : "not ready")"
    }

    var description: String {
        apps.sorted { $0.key < $1.key }.map { name, app in
            "\(name): \(app.image) \(app.annotations.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) "
                + "\(app.strategy) \(app.partition) \(app.pods)"
        }.joined(separator: "\n")
    }
}

extension SandboxScene {
    /// Somebody else changes an app's StatefulSet, by a strategic merge patch.
    func change(_ name: String, as fieldManager: String, _ patch: JSONValue) throws {
        _ = try Writer(store: sandbox.store).perform(
            WriteRequest(
                operation: .patch(.strategic), key: Self.key(name), body: patch, fieldManager: fieldManager))
    }

    /// Somebody else deletes an app's StatefulSet and creates it again, as it was in the beginning.
    func recreate(_ name: String) throws {
        _ = try Writer(store: sandbox.store).delete(Self.key(name), options: nil)
        try sandbox.create(Self.workload(.statefulSet, name, 1, false), namespace: "shop")
    }

    /// Somebody deletes the namespace with all that is in it.
    func deleteNamespace() throws {
        let key = ObjectKey(resource: .namespaces, namespace: "", name: "shop")
        _ = try Writer(store: sandbox.store).delete(key, options: nil)
    }

    func specification(_ name: String) -> JSONValue? { sandbox.store[Self.key(name)]?["spec"] }

    private static func key(_ name: String) -> ObjectKey {
        ObjectKey(resource: .statefulSets, namespace: "shop", name: name)
    }
}
