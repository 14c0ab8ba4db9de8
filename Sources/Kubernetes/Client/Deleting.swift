import FoundationEssentials
import NIOHTTP1
import Workloads

extension KubernetesClient {
    private struct DeleteOptions: Encodable {
        struct Preconditions: Encodable { let uid: String }
        let apiVersion = "v1"
        let kind = "DeleteOptions"
        let preconditions: Preconditions
        var propagationPolicy: String?
    }

    /// Deletes a pod, if it is still the one that was observed.
    ///
    /// - Returns: false where that pod is already gone.
    public func deletePod(_ name: String, uid: String, namespace: String) async throws -> Bool {
        try await delete(.pods, name, DeleteOptions(preconditions: .init(uid: uid)), namespace)
    }

    /// Deletes a workload, if it is still the one that was observed. The garbage collector takes its pods away afterwards.
    ///
    /// - Returns: false where that workload is already gone.
    public func deleteWorkload(_ key: WorkloadKey, uid: String, namespace: String) async throws -> Bool {
        let options = DeleteOptions(preconditions: .init(uid: uid), propagationPolicy: "Background")
        return try await delete(Resource(key.kind), key.name, options, namespace)
    }

    private func delete(
        _ resource: Resource, _ name: String, _ options: DeleteOptions, _ namespace: String
    ) async throws -> Bool {
        let request = APIRequest(
            method: .DELETE, path: resource.path(namespace: namespace, name: name),
            body: Array(try JSONEncoder().encode(options)), purpose: resource.purpose("delete", name, namespace))
        do {
            _ = try await send(request)
            return true
        } catch let error as KubernetesError where error.code == "not-found" || error.category == .conflict {
            return false
        }
    }
}
