import Reconciling
import Scenes
import Workloads

@testable import Sandbox

/// What somebody else does in an environment's namespace.
extension LoopScene {
    func change(
        _ app: String, as fieldManager: String, in environment: String = "DEV", _ patch: JSONValue
    ) throws {
        _ = try Writer(store: sandbox.store).perform(
            WriteRequest(
                operation: .patch(.strategic), key: key(app, environment), body: patch, fieldManager: fieldManager))
    }

    func setImage(_ tag: String, of app: String = "backend", as fieldManager: String) throws {
        let image = JSONValue.string("\(SandboxScene.registry)/\(app):\(tag)")
        try change(
            app, as: fieldManager,
            ["spec": ["template": ["spec": ["containers": [["name": .string(app), "image": image]]]]]])
    }

    func delete(_ app: String, in environment: String = "DEV") throws {
        _ = try Writer(store: sandbox.store).delete(key(app, environment), options: nil)
    }

    /// The messages of the events of this reason.
    func events(_ reason: String, in environment: String = "DEV") -> [String] {
        sandbox.store.list(.events, namespace: environment.lowercased()).items
            .filter { $0["reason"]?.string == reason }.compactMap { $0["message"]?.string }
    }

    /// Who holds the environment's lease; empty where nobody does.
    func holder(_ environment: String = "DEV") -> String? {
        lease(environment)?["spec", "holderIdentity"]?.string
    }

    func lease(_ environment: String = "DEV") -> JSONValue? {
        let key = ObjectKey(
            resource: .leases, namespace: environment.lowercased(), name: "descry-" + environment.lowercased())
        return sandbox.store[key]
    }

    /// The environment's lease as somebody else, who is never heard of again, has taken it.
    func occupyLease(of environment: String = "DEV", as holder: String) throws {
        try sandbox.create(
            [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": ["name": .string("descry-" + environment.lowercased())],
                "spec": ["holderIdentity": .string(holder), "leaseDurationSeconds": 10],
            ], namespace: environment.lowercased())
    }

    /// A signal after every write to the cluster from now on.
    func changes() -> AsyncStream<Void> { sandbox.store.signals() }

    private func key(_ app: String, _ environment: String) -> ObjectKey {
        ObjectKey(resource: .statefulSets, namespace: environment.lowercased(), name: app)
    }
}
