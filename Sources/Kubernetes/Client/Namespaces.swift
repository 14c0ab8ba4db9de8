extension KubernetesClient {
    private struct Object: ClusterObject {
        var metadata: ObjectMetadata

        func value() -> String { metadata.name }
        static func name(of value: String) -> String { value }
    }

    /// Whether there is a namespace of that name: a list in one that does not exist is empty, and no error.
    ///
    /// - Returns: nil where the credential may not look.
    public func hasNamespace(_ name: String) async throws -> Bool? {
        let purpose = APIRequest.Purpose(verb: "get", resource: "namespaces", name: name)
        let request = APIRequest(path: "/api/v1/namespaces/" + PercentEncoding.encode(name), purpose: purpose)
        do {
            return try decode(Object.self, try await send(request), purpose).value() == name
        } catch let error as KubernetesError where error.code == "not-found" {
            return false
        } catch let error as KubernetesError where error.status == 403 {
            return nil
        }
    }
}
