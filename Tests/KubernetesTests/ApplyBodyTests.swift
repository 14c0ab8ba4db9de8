import Testing
import Workloads

@testable import Kubernetes

/// Byte for byte what a server-side apply sends: one field more, and Descry would own it.
@Suite struct ApplyBodyTests {
    private static let images: [WorkloadPatch.Image] = [
        .init(container: "b", image: ContainerImage("r/b:2")),
        .init(container: "i", isInit: true, image: ContainerImage("r/i:2")),
    ]

    @Test(arguments: [
        (
            WorkloadPatch(
                key: WorkloadKey(kind: .statefulSet, name: "b"), uid: "u", resourceVersion: "7", images: images,
                annotations: ["descry.dev/version": "2"]),
            #"{"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"annotations":{"descry.dev/version":"2"},"name":"b","resourceVersion":"7","uid":"u"},"spec":{"template":{"spec":{"containers":[{"image":"r/b:2","name":"b"}],"initContainers":[{"image":"r/i:2","name":"i"}]}},"updateStrategy":{"rollingUpdate":{"partition":0},"type":"RollingUpdate"}}}"#
        ),
        (
            WorkloadPatch(
                key: WorkloadKey(kind: .deployment, name: "b"), uid: "u", resourceVersion: nil,
                images: Array(images.prefix(1))),
            #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"b","uid":"u"},"spec":{"template":{"spec":{"containers":[{"image":"r/b:2","name":"b"}]}}}}"#
        ),
        (
            WorkloadPatch(
                key: WorkloadKey(kind: .daemonSet, name: "b"), uid: "u", resourceVersion: nil, images: []),
            #"{"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"b","uid":"u"},"spec":{"updateStrategy":{"type":"RollingUpdate"}}}"#
        ),
    ])
    func isMinimal(patch: WorkloadPatch, body: String) throws {
        #expect(String(decoding: try ApplyBody(patch).encoded(), as: UTF8.self) == body)
    }

    @Test func theRequestSaysWhoOwnsTheFields() async throws {
        let answer = #"{"metadata":{"name":"b","uid":"u","generation":2}}"#
        try await KubernetesClient.with(answer: { _, _ in [.answer(200, answer)] }) { client, server in
            let patch = WorkloadPatch(
                key: WorkloadKey(kind: .statefulSet, name: "b"), uid: "u", resourceVersion: "7", images: Self.images)
            let workload = try await client.apply(patch, namespace: "shop", force: true, dryRun: true)
            #expect(workload.generation == 2)
            let request = try #require(server.requests.first)
            #expect(
                request.line == "PATCH /apis/apps/v1/namespaces/shop/statefulsets/b?fieldManager=descry&force=true"
                    + "&fieldValidation=Strict&dryRun=All HTTP/1.1")
            #expect(request.header("Content-Type") == "application/apply-patch+yaml")
            #expect(request.body.hasPrefix(#"{"apiVersion":"apps/v1""#))
        }
    }

    /// Names come from the descriptor and are checked there; a path is still never built from raw text.
    @Test func namesAreEncodedIntoThePath() {
        #expect(
            Resource(.statefulSet).path(namespace: "a/b", name: "../c?d")
                == "/apis/apps/v1/namespaces/a%2Fb/statefulsets/..%2Fc%3Fd")
    }
}
