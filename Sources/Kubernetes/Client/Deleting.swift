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
        try await delete(.pods, name, DeleteOptions(preconditions: .init(uid: uid)), namespace) {
            try await pod(name, namespace: namespace)?.uid
        }
    }

    /// Deletes a workload, if it is still the one that was observed. The garbage collector takes its pods away afterwards.
    ///
    /// - Returns: false where that workload is already gone.
    public func deleteWorkload(_ key: WorkloadKey, uid: String, namespace: String) async throws -> Bool {
        let options = DeleteOptions(preconditions: .init(uid: uid), propagationPolicy: "Background")
        return try await delete(Resource(key.kind), key.name, options, namespace) {
            try await workload(key, namespace: namespace)?.uid
        }
    }

    /// How often a deletion may be refused although the object is still the one.
    private static let deletions = 5

    /// - Parameter uid: the uid of the object of that name now, as etcd has it. A conflict alone does not tell: after etcd was away, the
    ///   API server may compare the precondition with an object that it had cached before (seen on Kubernetes 1.20).
    private func delete(
        _ resource: Resource, _ name: String, _ options: DeleteOptions, _ namespace: String,
        uid: () async throws -> String?
    ) async throws -> Bool {
        let request = APIRequest(
            method: .DELETE, path: resource.path(namespace: namespace, name: name),
            body: Array(try JSONEncoder().encode(options)), purpose: resource.purpose("delete", name, namespace))
        var attempt = 1
        while true {
            do {
                _ = try await send(request)
                return true
            } catch let error as KubernetesError where error.code == "not-found" {
                return false
            } catch let error as KubernetesError where error.category == .conflict {
                guard try await uid() == options.preconditions.uid else { return false }
                guard attempt < Self.deletions else { throw error }
                attempt += 1
            }
        }
    }
}
