import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Reconciling
import TestServers
import Testing

@testable import Serving

/// What strangers can make the server do is bounded: bytes, time, connections, attempts.
@Suite struct LimitTests {
    private static let secret = PlantedSecret.marker

    private func listening(
        _ limits: ServerLimits = ServerLimits(), _ body: @Sendable (ServingScene) async throws -> Void
    ) async throws {
        var limits = limits
        limits.linger = .milliseconds(200)
        try await ServingScene.run(
            limits: limits,
            endpoints: { [try .sample(.github, "https://github.com/shop/deployments.git", in: $0)] }, body)
    }

    @Test("A body that is announced too large is refused before a byte of it is read, and the connection ends")
    func announced() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send(
                    "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\nbeginning")
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
            #expect(scene.sample(#"descry_webhooks_total{provider="github",result="too_large"}"#) == "1")
        }
    }

    @Test("A body that turns out too large is refused at that point, though its sender goes on")
    func streamed() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send("POST /webhooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                let piece = String(repeating: "x", count: 0x10000)
                for _ in 0..<16 { try await client.send("10000\r\n\(piece)\r\n") }
                try await client.send("1\r\nx\r\n")
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test("Whoever goes on sending after the answer is cut off")
    func endless() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send(
                    "POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 404 "))
            }
        }
    }

    @Test("Requests that do not wait for each other's answers are all answered, and each has its deadline")
    func pipelined() async throws {
        var limits = ServerLimits()
        limits.requestDeadline = .milliseconds(300)
        try await listening(limits) { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send(
                    "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /version HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                let text = try await client.readToEnd()
                #expect(text.contains("ok\n") && text.contains("1.2.3"))
                #expect(!text.contains("HTTP/1.1 4"))
            }
        }
    }

    @Test("A body of just the limit is taken")
    func largest() async throws {
        try await listening { scene in
            var body = try Payload.read("github-push")
            body += Array(repeating: 0x20, count: (1 << 20) - body.count)
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, Self.secret)).status == 202
            )
        }
    }

    @Test("A body that is not there in time is refused, and the connection ends")
    func slow() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send("POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                await scene.time.untilAsleep(1)
                scene.time.advance(by: .seconds(9))
                try await client.send("}")
                scene.time.advance(by: .seconds(1))
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
            }
            #expect(scene.sample(#"descry_webhooks_total{provider="github",result="too_slow"}"#) == "1")
        }
    }

    @Test("All bodies together have a budget, which a body gives back")
    func budget() async throws {
        var limits = ServerLimits()
        limits.bodiesAtOnce = 10_000
        try await listening(limits) { scene in
            let body = try Payload.read("github-push")
            try await RawClient.connect(port: scene.port) { client in
                let held = String(repeating: "x", count: 9_000)
                try await client.send(
                    "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 9001\r\n\r\n\(held)")
                // Else the other body may be there first, and this one be refused.
                while scene.server.routes.bodies.bytesHeld < held.utf8.count { await Task.yield() }
                let refused = try await scene.post(
                    "/webhooks/github", body, headers: Signing.github(body, Self.secret))
                #expect(refused.status == 429)
                try await client.send("x")
                _ = try await client.read(until: "401")
            }
            #expect(
                try await scene.post("/webhooks/github", body, headers: Signing.github(body, Self.secret)).status == 202
            )
        }
    }

    @Test("Whoever sends too many is told when to come back; the probes are not his")
    func rate() async throws {
        var limits = ServerLimits()
        limits.webhooks = RateLimit(perSecond: 0.1, burst: 3)
        try await listening(limits) { scene in
            let body = try Payload.read("github-push")
            let headers = Signing.github(body, Self.secret)
            for _ in 0..<3 { #expect(try await scene.post("/webhooks/github", body, headers: headers).status < 300) }
            let answer = try await scene.post("/webhooks/github", body, headers: headers)
            #expect(answer.status == 429)
            #expect(answer.headers.first(name: "Retry-After") == "10")
            #expect(try await scene.get("/healthz").status == 200)
            scene.time.advance(by: .seconds(10))
            #expect(try await scene.post("/webhooks/github", body, headers: headers).status == 200)
            #expect(scene.sample(#"descry_webhooks_total{provider="github",result="limited"}"#) == "1")
        }
    }

    @Test("Whoever guesses is soon refused unread, though his next guess were right")
    func guesses() async throws {
        var limits = ServerLimits()
        limits.forgeries = RateLimit(perSecond: 1, burst: 5)
        try await listening(limits) { scene in
            let body = try Payload.read("github-push")
            for guess in 0..<5 {
                let headers = Signing.github(body, "guess \(guess)")
                #expect(try await scene.post("/webhooks/github", body, headers: headers).status == 401)
            }
            let headers = Signing.github(body, Self.secret)
            #expect(try await scene.post("/webhooks/github", body, headers: headers).status == 429)
            scene.time.advance(by: .seconds(2))
            #expect(try await scene.post("/webhooks/github", body, headers: headers).status == 202)
        }
    }

    @Test("Header fields have a limit")
    func headers() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                let long = String(repeating: "x", count: 20_000)
                try await client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: \(long)\r\n\r\n")
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            }
        }
    }

    @Test("What is no HTTP is answered 400 and the connection ends")
    func noHTTP() async throws {
        try await listening { scene in
            try await RawClient.connect(port: scene.port) { client in
                try await client.send("\u{16}\u{3}\u{1} what is this\r\n\r\n")
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            }
        }
    }

    @Test("A connection that brings no request, or only half a head, is closed", arguments: ["", "GET /healthz HT"])
    func idle(beginning: String) async throws {
        var limits = ServerLimits()
        limits.idle = .milliseconds(200)
        try await listening(limits) { scene in
            try await RawClient.connect(port: scene.port) { client in
                if !beginning.isEmpty { try await client.send(beginning) }
                #expect(try await client.readToEnd() == "")
            }
        }
    }

    @Test("A request that is not over by its deadline is cut off, whatever holds it up")
    func deadline() async throws {
        var limits = ServerLimits()
        limits.requestDeadline = .milliseconds(300)
        try await listening(limits) { scene in
            try await RawClient.connect(port: scene.port) { client in
                // The clock of the body's own deadline stands still.
                try await client.send("POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                #expect(try await client.readToEnd() == "")
            }
        }
    }

    @Test("More connections than the limit wait until one is closed")
    func connections() async throws {
        var limits = ServerLimits()
        limits.connections = 2
        try await listening(limits) { scene in
            try await RawClient.connect(port: scene.port) { first in
                try await first.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await first.read(until: "ok\n"))
                try await RawClient.connect(port: scene.port) { second in
                    try await second.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await second.read(until: "ok\n"))
                    #expect(scene.server.connections.count == 2)
                }
            }
            try await RawClient.connect(port: scene.port) { third in
                try await third.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                #expect(try await third.readToEnd().hasSuffix("ok\n"))
            }
        }
    }

    @Test(
        "A bucket refills with time, goes into debt for what is dear, and the oldest is forgotten before memory grows")
    func buckets() {
        let start = ContinuousClock.now
        var buckets = TokenBuckets(RateLimit(perSecond: 2, burst: 4), limit: 2)
        for _ in 0..<4 { #expect(buckets.take(for: "a", at: start) == nil) }
        #expect(buckets.take(for: "a", at: start) == .milliseconds(500))
        #expect(buckets.take(for: "b", at: start) == nil)
        #expect(buckets.take(5, for: "a", at: start + .milliseconds(500)) == nil)
        #expect(buckets.wait(for: "a", at: start + .milliseconds(500)) == .milliseconds(2_500))
        #expect(buckets.wait(for: "a", at: start + .seconds(60)) == nil)
        #expect(buckets.take(for: "c", at: start + .milliseconds(500)) == nil)
        #expect(buckets.count == 2)
        for number in 0..<1000 { _ = buckets.take(for: "\(number)", at: start + .milliseconds(501)) }
        #expect(buckets.count == 2)
    }

    @Test("The latest deliveries are remembered, as many as there is room for")
    func seen() {
        var seen = SeenDeliveries(limit: 3)
        // In order: four new ones, two that are remembered, the same words under another secret, one that was forgotten.
        let deliveries: [(UInt8, String)] = [
            (0, "a"), (1, "a"), (2, "a"), (3, "a"), (3, "a"), (1, "a"), (1, "b"), (0, "a"),
        ]
        let isNew = deliveries.map { seen.insert([$0.0], of: $0.1) }
        #expect(isNew == [true, true, true, true, false, false, true, true])
        #expect(seen.count == 3)
    }
}
