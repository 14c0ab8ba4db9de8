import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Sandbox
import Testing

/// What goes wrong on demand, as a client meets it.
@Suite(.timeLimit(.minutes(15))) struct FaultTests {
    private let pods = "/api/v1/namespaces/shop/pods"

    @Test(
        arguments: [
            (429, nil), (500, "InternalError"), (503, "ServiceUnavailable"), (403, "Forbidden"),
        ] as [(Int, String?)])
    func `as many requests as were asked for are refused, then none`(code: Int, reason: String?) async throws {
        try await SandboxClient.run { sandbox, client in
            sandbox.faults.inject(.refusal(code, retryAfter: 3), times: 2)
            for _ in 1...2 {
                let answer = try await client.get(pods)
                #expect(answer.status == code)
                #expect(answer.object["reason"]?.string == reason)
                #expect(answer.headers.first(name: "Retry-After") == "3")
            }
            #expect(try await client.get(pods).status == 200)
            #expect(sandbox.faults.met == 2)
        }
    }

    /// What a fault is matched by: each row's first request must not meet it, the second must.
    @Test(arguments: [
        (Faults.Match(verb: "get"), "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/shop"),
        (Faults.Match(resource: "statefulsets"), "/api/v1/pods", "/apis/apps/v1/statefulsets"),
        (Faults.Match(namespace: "shop"), "/api/v1/pods", "/api/v1/namespaces/shop/pods"),
        (Faults.Match(name: "shop"), "/api/v1/namespaces/default", "/api/v1/namespaces/shop"),
        (Faults.Match(pathPrefix: "/apis"), "/api", "/apis/apps/v1"),
    ])
    func `a fault is for the requests that match`(match: Faults.Match, other: String, meant: String) async throws {
        try await SandboxClient.run { sandbox, client in
            sandbox.faults.inject(.refusal(503), into: match)
            let statuses = [try await client.get(other).status, try await client.get(meant).status]
            #expect(statuses == [200, 503])
            sandbox.faults.inject(.refusal(503), into: match)
            sandbox.faults.clear()
            let cleared = try await client.get(meant).status
            #expect(cleared == 200)
        }
    }

    @Test func `a connection is reset`() async throws {
        try await SandboxClient.run { sandbox, client in
            sandbox.faults.inject(.reset)
            await #expect(throws: (any Error).self) { try await client.get(pods) }
            let after = try await client.get(pods).status
            #expect(after == 200)
        }
    }

    @Test func `an answer is cut in the middle`() async throws {
        try await SandboxClient.run { sandbox, client in
            sandbox.faults.inject(.cutBody(afterBytes: 10))
            let response = try await client.open(pods)
            var bytes = 0
            await #expect(throws: (any Error).self) {
                for try await chunk in response.body { bytes += chunk.readableBytes }
            }
            // What was on its way when the connection ended may be lost with it.
            #expect(bytes <= 10)
        }
    }

    @Test func `a slow answer comes in pieces and is whole in the end`() async throws {
        try await SandboxClient.run { sandbox, client in
            let whole = try await client.get("/api/v1/namespaces").object
            sandbox.faults.inject(.slowBody(bytes: 50, every: .milliseconds(1)))
            #expect(try await client.get("/api/v1/namespaces").object == whole)
        }
    }

    @Test func `a request hangs until the client gives up`() async throws {
        try await SandboxClient.run { sandbox, client in
            sandbox.faults.inject(.hang)
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try await client.get(pods)
                    Issue.record("there was an answer")
                }
                await sandbox.faults.untilMet(1)
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
        }
    }

    @Test func `watches are cut without an end of their answer`() async throws {
        try await SandboxClient.run { sandbox, client in
            let response = try await client.open("\(pods)?watch=true")
            sandbox.faults.cutWatches()
            await #expect(throws: (any Error).self) { for try await _ in response.body {} }
            #expect(try await client.open("\(pods)?watch=true").status == .ok)
        }
    }

    @Test func `expired resourceVersions are answered 410, for watches and for lists`() async throws {
        try await SandboxClient.run { sandbox, client in
            let first = try await client.get("/api/v1/namespaces?limit=1").object
            let (version, token) = (first["metadata", "resourceVersion"]?.string, first["metadata", "continue"]?.string)
            try sandbox.createNamespace("later")
            sandbox.faults.expireResourceVersions()
            let page = try await client.get("/api/v1/namespaces?limit=1&continue=\(try #require(token))")
            #expect(page.status == 410)
            #expect(page.object["reason"] == "Expired")
            // With the token that the refusal gives, the list goes on, although with what is there now.
            let next = try #require(page.object["metadata", "continue"]?.string)
            let rest = try await client.get("/api/v1/namespaces?continue=\(next)").object
            #expect(rest["items"]?.array?.map { $0["metadata", "name"] } == ["later", "shop"])
            let watch = try await client.get("/api/v1/namespaces?watch=true&resourceVersion=\(try #require(version))")
            #expect(watch.status == 200)
            #expect(watch.object["type"] == "ERROR")
            #expect(watch.object["object", "code"] == 410)
        }
    }

    @Test func `a rival writes first, so that the write conflicts`() async throws {
        try await SandboxClient.run { sandbox, client in
            let map: JSONValue = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"]]
            let made = try sandbox.create(map, namespace: "shop")
            sandbox.faults.inject(
                .rival(fieldManager: "rival", patch: ["data": ["x": "theirs"]]),
                into: .init(verb: "patch", resource: "configmaps"))
            let patch: JSONValue = [
                "metadata": ["resourceVersion": made["metadata", "resourceVersion"] ?? ""], "data": ["x": "ours"],
            ]
            let path = "/api/v1/namespaces/shop/configmaps/a"
            let answer = try await client.send(.PATCH, path, patch, type: "application/merge-patch+json")
            #expect(answer.status == 409)
            #expect(answer.object["reason"] == "Conflict")
            #expect(try await client.get(path).object["data", "x"] == "theirs")
        }
    }

    /// Beside what was carried out in the end: reads and refused writes do not count, and after the crash nothing is answered.
    @Test(arguments: [
        (CrashPoint.Moment.before(1), []), (.after(1), ["a"]), (.before(2), ["a"]), (.after(2), ["a", "b"]),
        (.never, ["a", "b", "c"]),
    ])
    func `a client dies at one of its writes`(moment: CrashPoint.Moment, made: [String]) async throws {
        try await SandboxClient.run { sandbox, client in
            let account = sandbox.account(
                "deployer", namespace: "shop", rules: [.init(verbs: ["*"], resources: ["configmaps"])])
            let crash = sandbox.faults.crash(account, moment)
            let (mine, maps) = (client.as(account), "/api/v1/namespaces/shop/configmaps")
            var statuses: [Int] = []
            for name in ["a", "b", "c"] {
                _ = try await mine.get(maps)
                _ = try await mine.send(.DELETE, "\(maps)/none", [:])
                let map: JSONValue = ["metadata": ["name": .string(name)]]
                statuses.append(try await mine.send(.POST, maps, map).status)
            }
            let items = try await client.get(maps).object["items"]?.array ?? []
            #expect(items.map { $0["metadata", "name"]?.string } == made)
            #expect(crash.writes == Array(repeating: "create configmaps", count: made.count))
            #expect(crash.isReached == (moment != .never))
            #expect(try await mine.get(maps).status == (crash.isReached ? 401 : 200))
            #expect(statuses.count { $0 == 401 } == (crash.isReached ? 4 - Self.first(moment) : 0), "\(statuses)")
            #expect(try await client.get(maps).status == 200, "it is the one client's alone")
        }
    }

    /// The first write whose answer is a refusal.
    private static func first(_ moment: CrashPoint.Moment) -> Int {
        switch moment {
        case .before(let number), .after(let number): number
        case .never: 4
        }
    }
}
