import FoundationEssentials
import Testing
import Workloads

@testable import Kubernetes

/// What a canary's Deployment has of its original, and what not.
@Suite struct DeploymentCopyTests {
    private static let original = """
        {
          "apiVersion": "apps/v1", "kind": "Deployment",
          "metadata": {
            "name": "web", "namespace": "shop", "uid": "u1", "resourceVersion": "9", "generation": 4,
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"manager": "helm"}],
            "ownerReferences": [{"uid": "o1"}], "finalizers": ["example.com/keep"],
            "labels": {"app": "web", "app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "shop"},
            "annotations": {
              "deployment.kubernetes.io/revision": "7", "meta.helm.sh/release-name": "shop",
              "kubectl.kubernetes.io/last-applied-configuration": "{}", "descry.dev/version": "1.0.0"
            }
          },
          "spec": {
            "replicas": 5, "minReadySeconds": 3, "futureField": {"ratio": 0.5, "deep": [1, true, null]},
            "selector": {
              "matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]
            },
            "template": {
              "metadata": {"labels": {"app": "web", "tier": "front"}, "annotations": {"a": "b"}},
              "spec": {
                "initContainers": [{"name": "migrate", "image": "r/web:1"}],
                "containers": [
                  {"name": "proxy", "image": "r/proxy:1"},
                  {"name": "web", "image": "r/web:1", "env": [{"name": "A", "value": "1"}]}
                ]
              }
            }
          },
          "status": {"replicas": 5}
        }
        """

    private static let copy = DeploymentCopy(
        name: "web-canary", replicas: 2,
        images: [
            .init(container: "web", image: ContainerImage("r/web:2")),
            .init(container: "migrate", isInit: true, image: ContainerImage("r/web:2")),
        ],
        labels: ["descry.dev/track": "canary"], annotations: ["descry.dev/canary-of": "web"])

    private func made() throws -> JSONValue {
        Self.copy.object(of: try JSONDecoder().decode(JSONValue.self, from: Data(Self.original.utf8)))
    }

    private func json(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    /// Helm, Argo CD and `kubectl apply --prune` would take a copy with their marks for an object of theirs.
    @Test func `of the metadata only the pods' labels, its own, and the annotations given`() throws {
        #expect(
            try made()["metadata"]
                == json(
                    """
                    {"name": "web-canary", "namespace": "shop", "annotations": {"descry.dev/canary-of": "web"},
                     "labels": {"app": "web", "tier": "front", "descry.dev/track": "canary"}}
                    """))
        #expect(try Set(made().object?.keys ?? [:].keys) == ["apiVersion", "kind", "metadata", "spec"])
    }

    @Test func `the whole specification but for replicas, labels and images`() throws {
        #expect(
            try made()["spec"]
                == json(
                    """
                    {
                      "replicas": 2, "minReadySeconds": 3, "futureField": {"ratio": 0.5, "deep": [1, true, null]},
                      "selector": {
                        "matchLabels": {"app": "web", "descry.dev/track": "canary"},
                        "matchExpressions": [{"key": "tier", "operator": "Exists"}]
                      },
                      "template": {
                        "metadata": {
                          "labels": {"app": "web", "tier": "front", "descry.dev/track": "canary"},
                          "annotations": {"a": "b"}
                        },
                        "spec": {
                          "initContainers": [{"name": "migrate", "image": "r/web:2"}],
                          "containers": [
                            {"name": "proxy", "image": "r/proxy:1"},
                            {"name": "web", "image": "r/web:2", "env": [{"name": "A", "value": "1"}]}
                          ]
                        }
                      }
                    }
                    """))
    }

    @Test func `a selector of expressions alone gets a label`() throws {
        var original = try json(Self.original)
        original["spec", "selector", "matchLabels"] = nil
        let selector = Self.copy.object(of: original)["spec", "selector"]
        #expect(selector?["matchLabels"] == .object(["descry.dev/track": .string("canary")]))
        #expect(selector?["matchExpressions"]?.array?.count == 1)
    }
}
