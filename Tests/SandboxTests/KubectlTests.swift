import FoundationEssentials
import Sandbox
import TestServers
import Testing

/// The sandbox as a person meets it.
@Suite(.enabled(if: Requirement.kubectl.isToRun, "\(Requirement.kubectl)"), .timeLimit(.minutes(15)))
struct KubectlTests {
    private static let statefulSet: JSONValue = [
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": ["name": "backend", "labels": ["app": "backend"]],
        "spec": [
            "replicas": 0, "serviceName": "backend", "selector": ["matchLabels": ["app": "backend"]],
            "template": [
                "metadata": ["labels": ["app": "backend"]],
                "spec": ["containers": [["name": "backend", "image": "registry.example.com/backend:1.0.0"]]],
            ],
        ],
    ]

    /// Runs kubectl with a cache of its own, as on a machine that has never seen the server.
    private struct Kubectl {
        let folder = try? TemporaryFolder()
        let sandbox: Sandbox

        func callAsFunction(_ arguments: String..., input: JSONValue? = nil) async throws -> String {
            let folder = try #require(folder)
            let config = try folder.write("config", sandbox.kubeconfig(for: sandbox.administrator, namespace: "shop"))
            return try await Program.run(
                "kubectl", ["--cache-dir=\(folder.path)/cache"] + arguments,
                input: Array(try input?.json() ?? .init()), variables: ["KUBECONFIG": config])
        }
    }

    private func with(_ body: (Kubectl, Sandbox) async throws -> Void) async throws {
        try Requirement.kubectl.demand()
        try await Sandbox.run { sandbox in
            try sandbox.createNamespace("shop")
            try await body(Kubectl(sandbox: sandbox), sandbox)
        }
    }

    @Test func `gets every resource in every form`() async throws {
        try await with { kubectl, sandbox in
            try sandbox.create(Self.statefulSet, namespace: "shop")
            let names = try await kubectl("api-resources", "--verbs=list", "--output=name").split(separator: "\n")
            #expect(names.count == 12)
            for form in ["wide", "json", "yaml", "name"] {
                _ = try await kubectl("get", names.joined(separator: ","), "--output=\(form)", "--all-namespaces")
            }
            let all = try await kubectl("get", "all", "--output=wide")
            #expect(all.contains("statefulset.apps/backend"))
            #expect(all.contains("registry.example.com/backend:1.0.0"))
            #expect(try await kubectl("get", "ns", "shop").contains("Active"))
        }
    }

    @Test func `creates, describes, patches, labels and deletes`() async throws {
        try await with { kubectl, _ in
            _ = try await kubectl("create", "--filename=-", input: Self.statefulSet)
            #expect(
                try await kubectl("describe", "statefulset", "backend").contains("registry.example.com/backend:1.0.0"))
            let patch =
                #"{"spec":{"template":{"spec":{"containers":[{"name":"backend","image":"registry.example.com/backend:1.0.1"}]}}}}"#
            _ = try await kubectl("patch", "statefulset", "backend", "--patch=\(patch)")
            _ = try await kubectl("label", "statefulset", "backend", "tier=back")
            let image = "--output=jsonpath={.spec.template.spec.containers[0].image}"
            let found = try await kubectl("get", "sts", "--selector=tier in (back)", "--output=name")
            #expect(found == "statefulset.apps/backend\n")
            #expect(try await kubectl("get", "sts", "backend", image) == "registry.example.com/backend:1.0.1")
            _ = try await kubectl("delete", "statefulset", "backend", "--timeout=30s")
            #expect(try await kubectl("get", "sts", "--output=name").isEmpty)
        }
    }

    @Test func `waits by watching, and is told what is refused`() async throws {
        try await with { kubectl, sandbox in
            try sandbox.create(Self.statefulSet, namespace: "shop")
            let wait = ["--for=jsonpath={.metadata.labels.tier}=back", "--timeout=60s"]
            async let waiting = kubectl("wait", "statefulset/backend", wait[0], wait[1])
            _ = try await kubectl("label", "statefulset", "backend", "tier=back")
            #expect(try await waiting.contains("condition met"))
            await #expect(throws: Program.Failure.self) { try await kubectl("get", "secrets") }
            _ = try await kubectl("version")
        }
    }
}

extension Requirement {
    static let kubectl = Requirement("kubectl", programs: ["kubectl"], package: "kubectl")
}
