import FoundationEssentials
import Synchronization
import TestServers
import Testing
import Workloads

@testable import Kubernetes

/// Tokens that change while Descry runs, and plugins that make them.
@Suite struct CredentialTests {
    /// A bound token is rotated in its file; the server refuses the old one.
    @Test func aRotatedTokenIsReadAgainOnce() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", "old\n")
            try await KubernetesClient.with(
                credential: .tokenFile(path),
                answer: { _, request in
                    if request.header("Authorization") == "Bearer new" {
                        return [.answer(200, RequestFaultTests.version)]
                    }
                    do { try folder.write("token", "new\n") } catch { return [.answer(500, "")] }
                    return [.answer(401, RequestFaultTests.status(401, "Unauthorized"))]
                }
            ) { client, server in
                _ = try await client.serverVersion()
                _ = try await client.serverVersion()
                #expect(
                    server.requests.map { $0.header("Authorization") } == ["Bearer old", "Bearer new", "Bearer new"])
            }
        }
    }

    @Test func aWatchReadsTheRotatedTokenToo() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", "old")
            try await KubernetesClient.with(
                credential: .tokenFile(path),
                answer: { number, request in
                    if number == 0 { return [WatchFaultTests.list(7)] }
                    if request.header("Authorization") == "Bearer new" {
                        return [.stream, .chunk(WatchFaultTests.event("ADDED", WatchFaultTests.pod("a", 8)))]
                    }
                    do { try folder.write("token", "new") } catch { return [.answer(500, "")] }
                    return [.answer(401, RequestFaultTests.status(401, "Unauthorized"))]
                }
            ) { client, server in
                for try await observation in client.observePods(namespace: "shop") {
                    if case .changed = observation { break }
                }
                #expect(server.requests.count == 3)
            }
        }
    }

    /// Bound tokens are rotated long before they end, and a request that would be refused is one too many.
    @Test func aTokenIsReadAgainAfterAMinute() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", "old")
            let now = Mutex(Date(timeIntervalSince1970: 1000))
            try await KubernetesClient.with(
                credential: .tokenFile(path), change: { $0.time.date = { now.withLock { $0 } } },
                answer: { _, _ in [.answer(200, RequestFaultTests.version)] }
            ) { client, server in
                for seconds in [0.0, 59, 2, 61] {
                    now.withLock { $0 = $0.addingTimeInterval(seconds) }
                    _ = try await client.serverVersion()
                    try folder.write("token", seconds == 2 ? "newest" : "new")
                }
                #expect(
                    server.requests.map { $0.header("Authorization") }
                        == ["Bearer old", "Bearer old", "Bearer new", "Bearer newest"])
            }
        }
    }

    /// The token ends while a watch is open, as some proxies and servers say by an event; the file has a new one by then.
    @Test func aWatchWhoseTokenEndsIsOpenedAgain() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", "old")
            try await KubernetesClient.with(
                credential: .tokenFile(path),
                answer: { number, request in
                    if number == 0 { return [WatchFaultTests.list(7)] }
                    if request.header("Authorization") == "Bearer new" {
                        return [.stream, .chunk(WatchFaultTests.event("ADDED", WatchFaultTests.pod("a", 9)))]
                    }
                    if number > 1 { return [.answer(401, RequestFaultTests.status(401, "Unauthorized"))] }
                    do { try folder.write("token", "new") } catch { return [.answer(500, "")] }
                    let refusal = WatchFaultTests.event("ERROR", RequestFaultTests.status(401, "Unauthorized"))
                    return [
                        .stream, .chunk(WatchFaultTests.event("ADDED", WatchFaultTests.pod("b", 8))), .chunk(refusal),
                    ]
                }
            ) { client, server in
                var seen: [String] = []
                observing: for try await observation in client.observePods(namespace: "shop") {
                    guard case .changed(let pod) = observation else { continue }
                    seen.append(pod.name)
                    if pod.name == "a" { break observing }
                }
                #expect(seen.last == "a")
                // From where it was, first with the token that is held, then with the new one.
                #expect(server.requests.suffix(2).map { $0.query("resourceVersion") } == ["8", "8"])
                #expect(server.requests.last?.header("Authorization") == "Bearer new")
            }
        }
    }

    /// Where there is no new one, it is over: whoever observes has to know.
    @Test func aWatchWhoseTokenIsWithdrawnEnds() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", "old")
            try await KubernetesClient.with(
                credential: .tokenFile(path),
                answer: { number, _ in
                    switch number {
                    case 0: [WatchFaultTests.list(7)]
                    case 1:
                        [
                            .stream,
                            .chunk(WatchFaultTests.event("ERROR", RequestFaultTests.status(401, "Unauthorized"))),
                        ]
                    default: [.answer(401, RequestFaultTests.status(401, "Unauthorized"))]
                    }
                }
            ) { client, server in
                let error = try await kubernetesError {
                    for try await _ in client.observePods(namespace: "shop") {}
                }
                #expect(error?.code == "unauthorized")
                #expect(server.requests.count == 3)
            }
        }
    }

    @Test func anUnchangedTokenIsNotTriedTwice() async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", PlantedSecret.marker)
            try await KubernetesClient.with(
                credential: .tokenFile(path),
                answer: { _, _ in [.answer(401, RequestFaultTests.status(401, "Unauthorized"))] }
            ) { client, server in
                let error = try await kubernetesError { try await client.serverVersion() }
                #expect(error?.code == "unauthorized")
                #expect(error?.category == .denied)
                #expect(error?.description.contains(PlantedSecret.marker) == false)
                #expect(server.requests.count == 1)
            }
        }
    }

    /// What a file may hold instead of a token. The HTTP client would quote a header that it refuses in its own error.
    @Test(arguments: [
        ("", "empty-file"), (" \n", "invalid-token"), ("planted secret", "invalid-token"),
        ("planted\nsecret", "invalid-token"), ("plantéd", "invalid-token"),
    ])
    func aFileWithoutATokenIsRefused(text: String, code: String) async throws {
        try await TestFolder.with { folder in
            let path = try folder.write("token", text)
            try await KubernetesClient.with(credential: .tokenFile(path), answer: { _, _ in [] }) { client, server in
                let error = try await kubernetesError { try await client.serverVersion() }
                #expect(error?.code == code)
                #expect(error?.description.contains("plant") == false)
                #expect(server.requests.isEmpty)
            }
        }
    }

    /// A credential is read when it is first needed, when its time is over, and never by several at once.
    @Test func aPluginRunsOnlyWhenItMust() async throws {
        let now = Mutex(Date(timeIntervalSince1970: 1000))
        let runs = Mutex(0)
        let store = CredentialStore(
            source: .exec(ExecPlugin(apiVersion: "v1", command: "c")), date: { now.withLock { $0 } }
        ) { _ in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            return ExecOutcome(
                credential: try .bearer("token-\(run)", origin: "test"),
                expires: now.withLock { $0.addingTimeInterval(600) })
        }
        let first = try await withThrowingTaskGroup(of: Credential.self) { group in
            for _ in 0..<20 { group.addTask { try await store.current() } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(first.count == 1)
        #expect(runs.withLock { $0 } == 1)
        now.withLock { $0 = $0.addingTimeInterval(601) }
        let second = try await store.current()
        #expect(runs.withLock { $0 } == 2)
        #expect(try await store.renew(rejected: try #require(first.first)) == second, "another one is there already")
        #expect(runs.withLock { $0 } == 2)
        #expect(try await store.renew(rejected: second) != nil)
        #expect(runs.withLock { $0 } == 3)
    }

    /// `exp` as a number, none (a token Secret's), and what is no JWT.
    @Test(arguments: [
        (
            #"{"exp":1700000000,"sub":"system:serviceaccount:shop:descry"}"#,
            Date(timeIntervalSince1970: 1_700_000_000) as Date?
        ),
        (#"{"sub":"x"}"#, nil),
    ])
    func aTokenTellsItsEnd(payload: String, expires: Date?) throws {
        let body = Data(payload.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-")
            .replacing("/", with: "_")
        let claims = try #require(TokenClaims(unverified: Secret("e30.\(body).sig\n")))
        #expect(claims.expires == expires)
    }

    @Test(arguments: ["", "opaque", "a.b", "a.%%.c", "a.YWJj.c", "a.b.c.d"])
    func whatIsNoJWTTellsNothing(token: String) {
        #expect(TokenClaims(unverified: Secret(token)) == nil)
    }
}
