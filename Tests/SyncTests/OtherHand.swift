import Reconciling
import Scenes
import Workloads

@testable import Sandbox

/// What somebody else does to a workload of the scene.
extension SandboxScene {
    /// - Parameter annotation: what the workload says to have been deployed; nil leaves that as it is.
    func setImage(_ tag: String, of app: String, annotation: String? = nil) throws {
        var patch: JSONValue = [
            "spec": [
                "template": [
                    "spec": [
                        "containers": [["name": .string(app), "image": .string("\(Self.registry)/\(app):\(tag)")]]
                    ]
                ]
            ]
        ]
        if let annotation { patch["metadata", "annotations", "descry.dev/version"] = .string(annotation) }
        _ = try Writer(store: sandbox.store).perform(
            WriteRequest(
                operation: .patch(.strategic),
                key: ObjectKey(resource: .statefulSets, namespace: "shop", name: app), body: patch,
                fieldManager: "kubectl-set"))
    }
}
