import Testing
import Workloads

@testable import Kubernetes

/// An API server that starts answers 403 before it has read the roles. Such a refusal is waited out; one of a server that
/// was there all along is final at once.
@Suite struct RecoveryTests {
    private static let refused = FaultServer.Action.answer(403, RequestFaultTests.status(403, "Forbidden"))
    private static let version = FaultServer.Action.answer(200, RequestFaultTests.version)

    @Test(arguments: [
        ("a broken connection", [FaultServer.Action.send(""), .close], 403, "Forbidden"),
        ("503", [.answer(503, "")], 403, "Forbidden"),
        ("a broken connection", [.send(""), .close], 401, "Unauthorized"),
    ])
    func `a refusal after the server was away is tried again`(
        away: String, fault: [FaultServer.Action], status: Int, reason: String
    ) async throws {
        try await KubernetesClient.with(
            answer: { number, _ in
                switch number {
                case 0: fault
                case 1, 2: [.answer(status, RequestFaultTests.status(status, reason))]
                default: [Self.version]
                }
            }
        ) { client, server in
            let version = try await client.serverVersion()
            #expect(version.minor == 33)
            #expect(server.requests.count == 4)
        }
    }

    @Test func `a refusal that lasts is believed after fifteen seconds`() async throws {
        let pauses = Pauses()
        let start = ContinuousClock.now
        try await KubernetesClient.with(
            pauses: pauses, change: { $0.time.now = { start + pauses.all.reduce(.zero, +) } },
            answer: { number, _ in number == 0 ? [.answer(503, "")] : [Self.refused] }
        ) { client, _ in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "forbidden")
            let waited = pauses.all.dropFirst().reduce(Duration.zero, +)
            #expect(waited >= .seconds(15) && waited < .seconds(30), "\(pauses.all)")
            let again = try await kubernetesError { try await client.serverVersion() }
            #expect(again?.code == "forbidden")
            #expect(pauses.all.dropFirst().reduce(Duration.zero, +) == waited, "believed at once from now on")
        }
    }

    @Test func `a watch that is refused after the server was away goes on`() async throws {
        try await KubernetesClient.with(
            answer: { number, _ in
                switch number {
                case 0: [WatchFaultTests.list(7)]
                case 1: [.stream, .close]
                case 2, 3: [Self.refused]
                default:
                    [.stream, .chunk(WatchFaultTests.event("ADDED", WatchFaultTests.pod("a", 8)))]
                }
            }
        ) { client, server in
            var interruptions: [String] = []
            observing: for try await observation in client.observePods(namespace: "shop") {
                switch observation {
                case .snapshot, .deleted: break
                case .changed(let pod):
                    #expect(pod.name == "a")
                    break observing
                case .interrupted(let error): interruptions.append(error.code)
                }
            }
            // The buffer holds only the newest of the states that nobody has taken, so not each refusal need be seen.
            #expect(!interruptions.isEmpty && Set(interruptions).isSubset(of: ["connection-lost", "forbidden"]))
            #expect(server.requests[4].query("resourceVersion") == "7")
        }
    }
}
