import FoundationEssentials
import NIOHTTP1
import Workloads

/// A second Deployment beside another: its whole pod template with other images, and labels of its own, so that neither of
/// their controllers takes the other's pods for its own.
public struct DeploymentCopy: Sendable, Hashable {
    public var name: String
    public var replicas: Int
    /// The containers that run another image than the original's.
    public var images: [WorkloadPatch.Image]
    /// Added to the selector and the pods, and to the copy itself.
    public var labels: [String: String]
    /// `metadata.annotations`, all of them.
    public var annotations: [String: String]

    public init(
        name: String, replicas: Int, images: [WorkloadPatch.Image], labels: [String: String],
        annotations: [String: String]
    ) {
        self.name = name
        self.replicas = replicas
        self.images = images
        self.labels = labels
        self.annotations = annotations
    }

    /// The object to create. Of the original's own metadata nothing is taken over: the tools that manage it (Helm, Argo CD,
    /// `kubectl apply --prune`) know their objects by labels and annotations there, and would take the copy for theirs.
    func object(of original: JSONValue) -> JSONValue {
        let labels = labels.mapValues { JSONValue.string($0) }
        let podLabels = (original["spec", "template", "metadata", "labels"]?.object ?? [:]).merging(labels) { $1 }
        var metadata: [String: JSONValue] = [
            "name": .string(name), "labels": .object(podLabels),
            "annotations": .object(annotations.mapValues { .string($0) }),
        ]
        metadata["namespace"] = original["metadata", "namespace"]
        var spec = original["spec"] ?? .object([:])
        spec["replicas"] = .integer(Int64(replicas))
        spec["template", "metadata", "labels"] = .object(podLabels)
        spec["selector", "matchLabels"] = .object(
            (spec["selector", "matchLabels"]?.object ?? [:]).merging(labels) { $1 })
        for image in images {
            let list = image.isInit ? "initContainers" : "containers"
            guard var containers = spec["template", "spec", list]?.array,
                let index = containers.firstIndex(where: { $0["name"]?.string == image.container })
            else { continue }
            containers[index]["image"] = .string(image.image.description)
            spec["template", "spec", list] = .array(containers)
        }
        return .object([
            "apiVersion": .string("apps/v1"), "kind": .string("Deployment"), "metadata": .object(metadata),
            "spec": spec,
        ])
    }
}

extension KubernetesClient {
    /// Creates a copy of a Deployment from the original as it is at this moment.
    ///
    /// - Parameter uid: of the original as it was observed.
    /// - Returns: the copy as it was stored; nil where the original is gone, or another one has its name.
    /// - Throws: code `already-exists` where the copy's name is taken, `forbidden`, `invalid`.
    public func create(
        _ copy: DeploymentCopy, of original: String, uid: String, namespace: String
    ) async throws -> Workload? {
        let resource = Resource(.deployment)
        let reading = APIRequest(
            path: resource.path(namespace: namespace, name: original),
            purpose: resource.purpose("get", original, namespace))
        let object: JSONValue
        do {
            object = try decode(JSONValue.self, try await send(reading), reading.purpose)
        } catch let error as KubernetesError where error.code == "not-found" {
            return nil
        }
        guard object["metadata", "uid"]?.string == uid else { return nil }
        let creation = APIRequest(
            method: .POST, path: resource.path(namespace: namespace), query: [("fieldManager", Self.fieldManager)],
            body: Array(try JSONEncoder().encode(copy.object(of: object))),
            purpose: resource.purpose("create", copy.name, namespace))
        do {
            return try decode(DeploymentObject.self, try await send(creation), creation.purpose).value()
        } catch let error as KubernetesError where error.code == "already-exists" {
            // A first try may have been carried out and its answer lost.
            guard let found = try await workload(WorkloadKey(kind: .deployment, name: copy.name), namespace: namespace),
                copy.labels.allSatisfy({ found.selector.matchLabels[$0.key] == $0.value })
            else { throw error }
            return found
        }
    }
}
