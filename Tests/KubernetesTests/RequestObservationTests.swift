import Synchronization
import Testing
import Workloads

@testable import Kubernetes

/// What is told of requests to whoever counts them: each attempt, by itself, once it has ended.
@Suite struct RequestObservationTests {
    private final class Told: Sendable {
        private let recorded = Mutex<[RequestObservation]>([])

        var all: [RequestObservation] { recorded.withLock { $0 } }
        var lines: [String] { all.map { "\($0.verb) \($0.resource) \($0.status.map(String.init) ?? "none")" } }

        func record(_ observation: RequestObservation) { recorded.withLock { $0.append(observation) } }
    }

    @Test("Attempts that fail are told as what they were, before the one that succeeds")
    func retries() async throws {
        let told = Told()
        try await KubernetesClient.with(
            change: { $0.onRequest = told.record },
            answer: { number, _ in
                switch number {
                case 0: [.answer(503, "")]
                case 1: [.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a"), .close]
                default: [.answer(200, RequestFaultTests.version)]
                }
            }
        ) { client, _ in
            _ = try await client.serverVersion()
            #expect(told.lines == ["get /version 503", "get /version none", "get /version 200"])
            #expect(told.all.allSatisfy { $0.duration >= .zero })
        }
    }

    @Test("What the server refuses and what is not there are answers")
    func refusals() async throws {
        let told = Told()
        try await KubernetesClient.with(
            change: { $0.onRequest = told.record },
            answer: { number, _ in
                [.answer(number == 0 ? 404 : 403, RequestFaultTests.status(number == 0 ? 404 : 403, "NotFound"))]
            }
        ) { client, _ in
            _ = try await client.workload(WorkloadKey(kind: .statefulSet, name: "web"), namespace: "shop")
            _ = try await kubernetesError { try await client.list(.deployment, namespace: "shop") }
            #expect(told.lines == ["get statefulsets.apps 404", "list deployments.apps 403"])
        }
    }

    @Test("A watch is told once it is open, not when it ends")
    func watch() async throws {
        let told = Told()
        try await KubernetesClient.with(
            change: { $0.onRequest = told.record },
            answer: { number, _ in
                number == 0
                    ? [WatchFaultTests.list(7)]
                    : [.stream, .chunk(WatchFaultTests.event("MODIFIED", WatchFaultTests.pod("a", 8, phase: "Done")))]
            }
        ) { client, _ in
            observing: for try await observation in client.observePods(namespace: "shop") {
                if case .changed = observation { break observing }
            }
            #expect(told.lines == ["list pods 200", "watch pods 200"])
        }
    }
}
