import FoundationEssentials
import TestServers
import Testing
import Workloads

@testable import Kubernetes

/// What the client makes of servers that fail: every row is something a load balancer, a rebooting control plane or a broken
/// proxy was seen to do.
@Suite struct RequestFaultTests {
    static let version = #"{"major":"1","minor":"33+","gitVersion":"v1.33.1"}"#

    static func status(_ code: Int, _ reason: String, _ message: String = "no") -> String {
        #"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"\#(message)","reason":"\#(reason)","code":\#(code)}"#
    }

    @Test func aServerThatNeverAnswersTimesOut() async throws {
        let pauses = Pauses()
        try await KubernetesClient.with(
            pauses: pauses, change: { $0.requestTimeout = .milliseconds(100) }, answer: { _, _ in [] }
        ) { client, _ in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "timed-out")
            #expect(error?.category == .unreachable)
            #expect(pauses.all.count == 3, "a timeout is retried as often as a broken connection")
        }
    }

    @Test func aBodyThatNeverEndsTimesOut() async throws {
        try await KubernetesClient.with(
            change: {
                $0.requestTimeout = .milliseconds(200)
                $0.retries.connectionAttempts = 1
            },
            answer: { _, _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")] }
        ) { client, _ in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "timed-out")
        }
    }

    @Test func aDeadlineEndsAllAttempts() async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(503, "")] }) { client, server in
            let passed = client.before(ContinuousClock.now - .seconds(1))
            let error = try await kubernetesError { try await passed.serverVersion() }
            #expect(error?.code == "timed-out")
            #expect(server.requests.isEmpty)
        }
    }

    /// The first answers are faults, the last is good: the caller sees nothing of it.
    @Test(arguments: [
        ("cut in the body", FaultServer.Action.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a"), true),
        ("cut in the head", .send("HTTP/1.1 200 OK\r\nContent-"), true),
        ("cut at once", .send(""), true),
        ("500", .answer(500, status(500, "InternalError")), false),
        ("502 of a proxy", .answer(502, "<html>Bad Gateway</html>"), false),
        ("503", .answer(503, status(503, "ServiceUnavailable")), false),
        ("504", .answer(504, status(504, "Timeout")), false),
        ("429", .answer(429, status(429, "TooManyRequests")), false),
    ])
    func aPassingFaultIsRetried(name: String, fault: FaultServer.Action, closes: Bool) async throws {
        let pauses = Pauses()
        try await KubernetesClient.with(
            pauses: pauses,
            answer: { number, _ in number < 2 ? [fault] + (closes ? [.close] : []) : [.answer(200, Self.version)] }
        ) { client, server in
            let version = try await client.serverVersion()
            #expect(version.minor == 33)
            #expect(server.requests.count == 3)
            #expect(pauses.all == [.milliseconds(187.5), .milliseconds(375)])
        }
    }

    @Test func retryAfterIsALowerBound() async throws {
        let pauses = Pauses()
        try await KubernetesClient.with(
            pauses: pauses,
            answer: { number, _ in
                number == 0
                    ? [.answer(429, Self.status(429, "TooManyRequests"), headers: ["Retry-After: 7"])]
                    : [.answer(200, Self.version)]
            }
        ) { client, _ in
            _ = try await client.serverVersion()
            #expect(pauses.all == [.seconds(7)])
        }
    }

    @Test func retryAfterBeyondTheDeadlineFailsNow() async throws {
        let pauses = Pauses()
        try await KubernetesClient.with(
            pauses: pauses,
            answer: { _, _ in [.answer(429, Self.status(429, "TooManyRequests"), headers: ["Retry-After: 3600"])] }
        ) { client, server in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "too-many-requests")
            #expect(error?.retryAfter == .seconds(3600))
            #expect(pauses.all.isEmpty)
            #expect(server.requests.count == 1)
        }
    }

    /// Answers that a retry cannot change: one request each.
    @Test(arguments: [
        (400, "BadRequest", "bad-request", KubernetesError.Category.refused),
        (401, "Unauthorized", "unauthorized", .denied), (403, "Forbidden", "forbidden", .denied),
        (404, "NotFound", "not-found", .missing), (409, "Conflict", "conflict", .conflict),
        (409, "AlreadyExists", "already-exists", .conflict), (410, "Expired", "expired", .conflict),
        (422, "Invalid", "invalid", .refused), (301, "", "redirected", .unreachable),
    ])
    func aFinalAnswerIsNotRetried(
        status: Int, reason: String, code: String, category: KubernetesError.Category
    ) async throws {
        try await KubernetesClient.with(
            answer: { _, _ in
                [.answer(status, Self.status(status, reason), headers: ["Location: http://127.0.0.1:1/"])]
            }
        ) { client, server in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == code)
            #expect(error?.category == category)
            #expect(error?.status == status)
            #expect(server.requests.count == 1)
        }
    }

    @Test func anAnswerTooLargeIsNotRead() async throws {
        try await KubernetesClient.with(
            change: { $0.responseLimit = 10_000 },
            answer: { _, _ in [.answer(200, String(repeating: " ", count: 10_001))] }
        ) { client, server in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "response-too-large")
            #expect(server.requests.count == 1)
        }
    }

    /// A portal's page, an empty answer, JSON of something else.
    @Test(arguments: ["<html></html>", "", "[]", #"{"items":[{"metadata":{}}]}"#])
    func anAnswerThatIsNotTheAPIsIsRefused(body: String) async throws {
        try await KubernetesClient.with(answer: { _, _ in [.answer(200, body)] }) { client, _ in
            let error = try await kubernetesError { try await client.list(.statefulSet, namespace: "shop") }
            #expect(error?.code == "undecodable-answer")
            #expect(error?.category == .internal)
        }
    }

    @Test func aServerThatIsNotThereIsUnreachable() async throws {
        let server = try await FaultServer.start { _, _ in [] }
        let port = server.port
        try await server.stop()
        let pauses = Pauses()
        let configuration = try ClusterConfiguration(
            server: ServerAddress("https://127.0.0.1:\(port)"), origin: "The test")
        try await KubernetesClient.with(configuration, pauses: pauses) { client in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "unreachable")
            #expect(error?.category == .unreachable)
            #expect(pauses.all.count == 3)
        }
    }

    @Test func anIPv6AddressIsReached() async throws {
        let server = try await FaultServer.start(host: "::1") { _, _ in [.answer(200, Self.version)] }
        let configuration = try ClusterConfiguration(
            server: ServerAddress("http://[::1]:\(server.port)"), origin: "The test")
        try await KubernetesClient.with(configuration) { client in
            let version = try await client.serverVersion()
            #expect(version.major == 1)
            #expect(server.requests.first?.header("Host") == "[::1]:\(server.port)")
        }
        try await server.stop()
    }

    /// The proxy sees where the connection goes and its own password, and nothing of the cluster's.
    @Test func aProxyThatRefusesIsTold() async throws {
        let proxy = try await FaultServer.start { _, _ in [.answer(403, "no")] }
        let configuration = try ClusterConfiguration(
            server: ServerAddress("https://kube.example.com:6443"), credential: .token(Secret(PlantedSecret.marker)),
            proxy: ProxyAddress("http://user:\(PlantedSecret.marker)-password@127.0.0.1:\(proxy.port)"),
            origin: "The test")
        try await KubernetesClient.with(configuration) { client in
            let error = try await kubernetesError { try await client.serverVersion() }
            #expect(error?.code == "proxy-failed")
            #expect(error?.category == .unreachable)
            #expect(error?.description.contains("planted") == false)
        }
        let request = try #require(proxy.requests.first)
        #expect(request.line == "CONNECT kube.example.com:6443 HTTP/1.1")
        #expect(request.header("proxy-authorization") != nil)
        #expect(!request.head.contains(PlantedSecret.marker))
        try await proxy.stop()
    }

    @Test func cancellingEndsTheRequest() async throws {
        try await KubernetesClient.with(answer: { _, _ in [] }) { client, server in
            let task = Task { try await client.serverVersion() }
            await server.received(1)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await server.closed(1)
        }
    }

    @Test func everyRequestSaysWhoIsAsking() async throws {
        try await KubernetesClient.with(
            credential: .basic(user: "ci", password: Secret("pa:ss")), answer: { _, _ in [.answer(200, Self.version)] }
        ) { client, server in
            _ = try await client.serverVersion()
            let request = try #require(server.requests.first)
            #expect(request.line == "GET /version HTTP/1.1")
            #expect(request.header("User-Agent")?.hasPrefix("descry/0.0.0-test (") == true)
            #expect(request.header("Authorization") == "Basic Y2k6cGE6c3M=")
            #expect(request.header("Host") == "127.0.0.1:\(server.port)")
        }
    }

    /// Pages come with `continue`; a token the server has forgotten starts the list again from its beginning.
    @Test func aListIsReadPageByPage() async throws {
        let pod = { @Sendable (name: String) in
            #"{"metadata":{"name":"\#(name)","uid":"u"},"status":{"phase":"Running"}}"#
        }
        try await KubernetesClient.with(
            change: { $0.pageSize = 1 },
            answer: { number, request in
                switch (number, request.query("continue")) {
                case (0, nil), (2, nil):
                    [.answer(200, #"{"metadata":{"resourceVersion":"7","continue":"a+/="},"items":[\#(pod("a"))]}"#)]
                case (1, "a%2B%2F%3D"): [.answer(410, Self.status(410, "Expired"))]
                case (3, "a%2B%2F%3D"):
                    [.answer(200, #"{"metadata":{"resourceVersion":"7"},"items":[\#(pod("b"))]}"#)]
                default: [.answer(400, "")]
                }
            }
        ) { client, server in
            let list = try await client.pods(namespace: "shop")
            #expect(list.items.map(\.name) == ["a", "b"])
            #expect(list.resourceVersion == "7")
            #expect(server.requests.map { $0.query("limit") } == ["1", "1", "1", "1"])
        }
    }
}
