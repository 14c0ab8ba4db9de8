import Workloads

/// Who wrote a field of a workload last, as its `metadata.managedFields` say.
public struct FieldWriter: Sendable, Hashable, CustomStringConvertible {
    /// The field manager, such as `kubectl-set` or `helm`.
    public var manager: String
    /// `Apply` or `Update`.
    public var operation: String
    /// RFC 3339, by the API server's clock; nil where it does not say.
    public var time: String?

    /// `kubectl-set at 2026-11-21T12:00:00Z`.
    public var description: String { manager + (time.map { " at \($0)" } ?? "") }
}

extension KubernetesClient {
    private struct ManagedObject: Decodable {
        struct Metadata: Decodable { var managedFields: [ManagedFields]? }
        var metadata: Metadata
    }

    struct ManagedFields: Decodable {
        var manager: String?
        var operation: String?
        var time: String?
        /// A status is written by controllers, under the same name as their other writes.
        var subresource: String?
        var fieldsV1: JSONValue?
    }

    /// Who wrote these fields of a workload last, Descry itself left out; nobody where it is gone.
    ///
    /// - Parameter fields: as kubectl's JSONPath names them: `spec.template.spec.containers[backend].image`.
    public func writers(
        of fields: [String], in key: WorkloadKey, namespace: String
    ) async throws -> [FieldWriter] {
        let resource = Resource(key.kind)
        let request = APIRequest(
            path: resource.path(namespace: namespace, name: key.name),
            purpose: resource.purpose("get", key.name, namespace))
        let object: ManagedObject
        do {
            object = try decode(ManagedObject.self, try await send(request), request.purpose)
        } catch let error as KubernetesError where error.code == "not-found" {
            return []
        }
        return FieldWriter.of(fields, object.metadata.managedFields ?? [])
    }
}

extension FieldWriter {
    /// Newest first.
    static func of(_ fields: [String], _ managed: [KubernetesClient.ManagedFields]) -> [FieldWriter] {
        let paths = fields.map(Self.elements)
        return managed.filter { entry in
            entry.manager != KubernetesClient.fieldManager && (entry.subresource ?? "").isEmpty
                && paths.contains { path in path.reduce(entry.fieldsV1) { $0?[$1] } != nil }
        }.map { FieldWriter(manager: $0.manager ?? "unknown", operation: $0.operation ?? "", time: $0.time) }
            .sorted { ($1.time ?? "", $0.manager) < ($0.time ?? "", $1.manager) }
    }

    /// The keys of `fieldsV1` that lead to a field: `f:spec`, `f:containers`, `k:{"name":"backend"}`, `f:image`.
    ///
    /// Source: `sigs.k8s.io/structured-merge-diff/v4/fieldpath/serialize-pe.go`. Of a list of objects that is keyed by name, what
    /// is in brackets is the name; of a map it is the key.
    static func elements(of field: String) -> [String] {
        var elements: [String] = []
        var rest = field[...]
        while !rest.isEmpty {
            let name = rest.prefix { $0 != "." && $0 != "[" }
            rest = rest.dropFirst(name.count)
            elements.append("f:\(name)")
            if rest.first == "[" {
                let key = rest.dropFirst().prefix { $0 != "]" }
                rest = rest.dropFirst(key.count + 2)
                elements.append(name.lowercased().hasSuffix("containers") ? "k:{\"name\":\"\(key)\"}" : "f:\(key)")
            }
            if rest.first == "." { rest = rest.dropFirst() }
        }
        return elements
    }
}
