import FoundationEssentials
import NIOHTTP1

/// A `v1` ConfigMap, as far as Descry keeps state in one.
public struct ConfigMap: Sendable, Hashable {
    public var name: String
    /// Empty where it does not exist yet.
    public var resourceVersion: String
    public var labels: [String: String]
    public var data: [String: String]

    public init(
        name: String, resourceVersion: String = "", labels: [String: String] = [:], data: [String: String] = [:]
    ) {
        self.name = name
        self.resourceVersion = resourceVersion
        self.labels = labels
        self.data = data
    }
}

extension KubernetesClient {
    private struct Object: ClusterObject {
        var metadata: ObjectMetadata
        var data: [String: String]?

        func value() -> ConfigMap {
            ConfigMap(
                name: metadata.name, resourceVersion: metadata.resourceVersion ?? "", labels: metadata.labels ?? [:],
                data: data ?? [:])
        }

        static func name(of value: ConfigMap) -> String { value.name }
    }

    private struct NewObject: Encodable {
        struct Metadata: Encodable {
            var name: String
            var labels: [String: String]?
        }
        let apiVersion = "v1"
        let kind = "ConfigMap"
        var metadata: Metadata
        var data: [String: String]
    }

    /// Nil where there is none of that name.
    public func configMap(_ name: String, namespace: String) async throws -> ConfigMap? {
        try await get(Object.self, .configMaps, name, namespace)
    }

    /// Makes it where `old` does not exist yet, else writes what sets it apart from `old`, by a merge patch: whatever else is
    /// in the object stays.
    ///
    /// - Parameter old: as read; nobody may have written it since.
    /// - Returns: as stored, with its new `resourceVersion`.
    /// - Throws: code `conflict` where somebody else wrote it meanwhile, `already-exists`, `not-found`, `forbidden`.
    public func write(_ map: ConfigMap, over old: ConfigMap, namespace: String) async throws -> ConfigMap {
        let resource = Resource.configMaps
        let isNew = old.resourceVersion.isEmpty
        var request = APIRequest(
            method: isNew ? .POST : .PATCH, path: resource.path(namespace: namespace, name: isNew ? nil : map.name),
            query: [("fieldManager", Self.fieldManager)],
            purpose: resource.purpose(isNew ? "create" : "patch", map.name, namespace))
        if isNew {
            let object = NewObject(
                metadata: .init(name: map.name, labels: map.labels.isEmpty ? nil : map.labels), data: map.data)
            request.body = Array(try JSONEncoder().encode(object))
        } else {
            request.contentType = "application/merge-patch+json"
            request.body = Array(try JSONEncoder().encode(MergePatch(map, over: old)))
        }
        return try decode(Object.self, try await send(request), request.purpose).value()
    }

    /// RFC 7386: a key that is null is removed. The `resourceVersion` is the precondition.
    private struct MergePatch: Encodable {
        struct Metadata: Encodable {
            var resourceVersion: String
            var labels: [String: String?]
        }
        var metadata: Metadata
        var data: [String: String?]

        init(_ map: ConfigMap, over old: ConfigMap) {
            metadata = Metadata(
                resourceVersion: old.resourceVersion, labels: Self.difference(map.labels, old.labels))
            data = Self.difference(map.data, old.data)
        }

        private static func difference(_ new: [String: String], _ old: [String: String]) -> [String: String?] {
            var changes: [String: String?] = new.filter { old[$0.key] != $0.value }
            for key in old.keys where new[key] == nil { changes.updateValue(nil, forKey: key) }
            return changes
        }
    }
}
