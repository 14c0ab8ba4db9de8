import FoundationEssentials
import Testing

@testable import Kubernetes

/// Who wrote a field, by `metadata.managedFields` as API servers send them.
@Suite struct FieldWriterTests {
    private static let image = "spec.template.spec.containers[backend].image"

    /// As a Kubernetes 1.20 server keeps them after `descry apply`, `kubectl set image`, and a controller's status.
    private static let managed = """
        [
          {"manager": "descry", "operation": "Apply", "time": "2026-11-21T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1":
            {"f:metadata": {"f:annotations": {"f:descry.dev/version": {}}},
             "f:spec": {"f:updateStrategy": {"f:type": {}, "f:rollingUpdate": {"f:partition": {}}},
               "f:template": {"f:spec": {"f:containers": {"k:{\\"name\\":\\"sidecar\\"}": {".": {}, "f:image": {}}}}}}}},
          {"manager": "helm", "operation": "Update", "time": "2026-11-20T10:00:00Z", "fieldsType": "FieldsV1", "fieldsV1":
            {"f:spec": {"f:replicas": {},
               "f:template": {"f:spec": {"f:containers": {"k:{\\"name\\":\\"backend\\"}": {"f:name": {}, "f:image": {}}}}}}}},
          {"manager": "kubectl-set", "operation": "Update", "time": "2026-11-21T12:00:00Z", "fieldsType": "FieldsV1",
           "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\\"name\\":\\"backend\\"}": {"f:image": {}}}}}}}},
          {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
           "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\\"name\\":\\"backend\\"}": {"f:image": {}}}}}}}}
        ]
        """

    private static func writers(_ fields: String...) throws -> [String] {
        let entries = try JSONDecoder().decode([KubernetesClient.ManagedFields].self, from: Data(managed.utf8))
        return FieldWriter.of(fields, entries).map(\.description)
    }

    @Test func `the newest writer comes first, and Descry is none`() throws {
        #expect(
            try Self.writers(Self.image) == ["kubectl-set at 2026-11-21T12:00:00Z", "helm at 2026-11-20T10:00:00Z"])
        #expect(try Self.writers("spec.replicas") == ["helm at 2026-11-20T10:00:00Z"])
        #expect(try Self.writers("spec.updateStrategy.type", "metadata.annotations[descry.dev/version]") == [])
        #expect(try Self.writers("spec.template.spec.containers[other].image") == [])
    }

    /// The names of fields as reports have them, beside those that managedFields have.
    @Test(arguments: [
        (image, ["f:spec", "f:template", "f:spec", "f:containers", "k:{\"name\":\"backend\"}", "f:image"]),
        (
            "spec.template.spec.initContainers[setup].image",
            ["f:spec", "f:template", "f:spec", "f:initContainers", "k:{\"name\":\"setup\"}", "f:image"]
        ),
        (
            "spec.updateStrategy.rollingUpdate.partition",
            ["f:spec", "f:updateStrategy", "f:rollingUpdate", "f:partition"]
        ),
        ("metadata.annotations[descry.dev/version]", ["f:metadata", "f:annotations", "f:descry.dev/version"]),
    ])
    func `a field's name leads to its place`(name: String, elements: [String]) {
        #expect(FieldWriter.elements(of: name) == elements)
    }
}
