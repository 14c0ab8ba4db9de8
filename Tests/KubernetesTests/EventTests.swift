import FoundationEssentials
import Testing
import Workloads

@testable import Kubernetes

/// An event is posted in the form that every supported server takes, and once.
@Suite struct EventTests {
    private static let event = KubernetesEvent(
        workload: WorkloadKey(kind: .deployment, name: "backend"), uid: "u-1", severity: .warning,
        reason: "RolloutFailed", message: "1.1.0: image-pull", time: Date(timeIntervalSince1970: 1_700_000_000))

    private struct Posted: Decodable {
        struct Metadata: Decodable { var name: String, namespace: String }
        struct Reference: Decodable, Equatable {
            var apiVersion: String, kind: String, name: String, namespace: String, uid: String
        }
        struct Source: Decodable { var component: String }
        var apiVersion: String, kind: String, type: String, reason: String, message: String
        var count: Int, firstTimestamp: String, lastTimestamp: String, reportingComponent: String
        var metadata: Metadata
        var involvedObject: Reference
        var source: Source
        var eventTime: String?
    }

    @Test func `the request says what, about what, and who says so`() async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(201, "{}")] }) { client, server in
            try await client.post(Self.event, namespace: "shop")
            try await client.post(Self.event, namespace: "shop")
            #expect(
                server.requests.map(\.line)
                    == Array(repeating: "POST /api/v1/namespaces/shop/events?fieldManager=descry HTTP/1.1", count: 2))
            let posted = try server.requests.map { try JSONDecoder().decode(Posted.self, from: Data($0.body.utf8)) }
            let first = try #require(posted.first)
            #expect(first.apiVersion == "v1" && first.kind == "Event")
            #expect(
                first.involvedObject
                    == .init(apiVersion: "apps/v1", kind: "Deployment", name: "backend", namespace: "shop", uid: "u-1"))
            #expect(first.type == "Warning" && first.reason == "RolloutFailed" && first.message == "1.1.0: image-pull")
            #expect(first.source.component == "descry" && first.reportingComponent == "descry.dev/descry")
            #expect(first.firstTimestamp == "2023-11-14T22:13:20Z" && first.lastTimestamp == first.firstTimestamp)
            // With an eventTime the API server would ask for an action too.
            #expect(first.count == 1 && first.eventTime == nil)
            #expect(first.metadata.namespace == "shop")
            #expect(posted.allSatisfy { $0.metadata.name.hasPrefix("backend.") })
            #expect(Set(posted.map(\.metadata.name)).count == 2)
        }
    }

    /// What a client does not try again here, although other requests would be; and what the refusal is taken for.
    @Test(arguments: [(503, "server-error"), (429, "too-many-requests"), (403, "forbidden")])
    func `it is tried once`(status: Int, code: String) async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(status, "{}")] }) { client, server in
            let error = try await kubernetesError { try await client.post(Self.event, namespace: "shop") }
            #expect(error?.code == code)
            #expect(server.requests.count == 1)
        }
    }

    /// A server that has just come back refuses what it permits a moment later (see `Recovery`).
    @Test func `a refusal of a server that is starting is no final one`() async throws {
        try await KubernetesClient.with(answer: { number, _ in [.answer(number == 0 ? 503 : 403, "{}")] }) {
            client, _ in
            _ = try await kubernetesError { try await client.post(Self.event, namespace: "shop") }
            let error = try await kubernetesError { try await client.post(Self.event, namespace: "shop") }
            #expect(error?.status == 403 && error?.category == .unreachable)
        }
    }
}
