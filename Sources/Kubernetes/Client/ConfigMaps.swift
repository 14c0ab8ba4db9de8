import FoundationEssentials
import NIOHTTP1

/// A `v1` ConfigMap, as far as Descry keeps state in one.
public struct ConfigMap: Sendable, Hashable {
    public var name: String
    /// Empty where it does not exist yet.
    public var resourceVersion: String
    public var labels: [String: String]
    public var annotations: [String: String]
    public var data: [String: String]

    public init(
        name: String, resourceVersion: String = "", labels: [String: String] = [:], annotations: [String: String] = [:],
        data: [String: String] = [:]
    ) {
        self.name = name
        self.resourceVersion = resourceVersion
        self.labels = labels
        self.annotations = annotations
        self.data = data
    }
}

extension KubernetesClient {
    private struct Object: Codable {
        struct Metadata: Codable {
            var name: String
            var resourceVersion: String?
            var labels: [String: String]?
            var annotations: [String: String]?
        }
        var apiVersion = "v1"
        var kind = "ConfigMap"
        var metadata: Metadata
        var data: [String: String]?

        var value: ConfigMap {
            ConfigMap(
                name: metadata.name, resourceVersion: metadata.resourceVersion ?? "", labels: metadata.labels ?? [:],
                annotations: metadata.annotations ?? [:], data: data ?? [:])
        }
    }

    /// Nil where there is none of that name.
    public func configMap(_ name: String, namespace: String) async throws -> ConfigMap? {
        let resource = Resource.configMaps
        let request = APIRequest(
            path: resource.path(namespace: namespace, name: name), purpose: resource.purpose("get", name, namespace))
        do {
            return try decode(Object.self, try await send(request), request.purpose).value
        } catch let error as KubernetesError where error.code == "not-found" {
            return nil
        }
    }

    /// Stores it as it is: a new one where its `resourceVersion` is empty, else in place of that version.
    ///
    /// - Returns: as stored, with its new `resourceVersion`.
    /// - Throws: code `conflict` where somebody else wrote it meanwhile, `already-exists`, `not-found`, `forbidden`.
    public func write(_ map: ConfigMap, namespace: String) async throws -> ConfigMap {
        let resource = Resource.configMaps
        let isNew = map.resourceVersion.isEmpty
        let object = Object(
            metadata: .init(
                name: map.name, resourceVersion: isNew ? nil : map.resourceVersion,
                labels: map.labels.isEmpty ? nil : map.labels,
                annotations: map.annotations.isEmpty ? nil : map.annotations), data: map.data)
        let request = APIRequest(
            method: isNew ? .POST : .PUT, path: resource.path(namespace: namespace, name: isNew ? nil : map.name),
            query: [("fieldManager", Self.fieldManager)], body: Array(try JSONEncoder().encode(object)),
            purpose: resource.purpose(isNew ? "create" : "update", map.name, namespace))
        return try decode(Object.self, try await send(request), request.purpose).value
    }
}
