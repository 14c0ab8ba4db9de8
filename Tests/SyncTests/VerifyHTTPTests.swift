import NIOSSL
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

@testable import Reconciling

/// The check by a URL.
@Suite(.timeLimit(.minutes(15)))
struct VerifyHTTPTests {
    private func check(
        _ url: String, timeout: Duration = .seconds(20), clock: SteppingClock = SteppingClock(),
        authority: String? = nil, _ events: Events = Events()
    ) async throws -> CheckResult {
        var check = HTTPCheck(url: url, time: CheckTime(clock), timeout: timeout) { state in
            events.take(.verification(.init(kind: .http, target: url, state: state)))
        }
        if let authority { check.trust = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8))) }
        return try await check.run()
    }

    @Test func `a good answer is good at once, over TLS`() async throws {
        try await Sandbox.run { sandbox in
            let clock = SteppingClock()
            let result = try await check(
                sandbox.server + "/healthz", clock: clock, authority: sandbox.certificateAuthority)
            #expect(result.failure == nil)
            #expect(clock.pauses == 0)
        }
    }

    @Test func `a bad answer may become good until the time is up`() async throws {
        try await Sandbox.run { sandbox in
            sandbox.faults.inject(.refusal(503), into: .init(pathPrefix: "/healthz"), times: 2)
            sandbox.faults.inject(.reset, into: .init(pathPrefix: "/healthz"), times: 1)
            let (clock, events) = (SteppingClock(), Events())
            let result = try await check(
                sandbox.server + "/healthz", clock: clock, authority: sandbox.certificateAuthority, events)
            #expect(result.failure == nil)
            #expect(clock.now.offset == .seconds(6))
            #expect(events.states.count == 4)
        }
    }

    /// A status outside 2xx, redirects among them since they are not followed; and the app's own word.
    @Test(arguments: [
        ("HTTP/1.1 503 Service Unavailable", "warming up", "503"),
        ("HTTP/1.1 302 Found\nLocation: http://127.0.0.1:1/", "", "302"),
        ("HTTP/1.1 404 Not Found", "", "404"),
        (
            "HTTP/1.1 200 OK\nContent-Type: application/json", #"{"healthy": false, "reason": "no database"}"#,
            "no database"
        ),
    ])
    func `what is never good has failed, in its own words`(head: String, body: String, words: String) async throws {
        let server = try FakeServer.http(head, body: Array(body.utf8))
        let clock = SteppingClock()
        let result = try await check("http://127.0.0.1:\(server.port)/health?token=hunter2", clock: clock)
        let failure = try #require(result.failure)
        #expect(failure.code == "verify-failed", "\(failure)")
        #expect(failure.message.contains(words), "\(failure)")
        #expect(!"\(failure)".contains("hunter2"))
        #expect(clock.now.offset == .seconds(18))
    }

    @Test func `what never answers has timed out`() async throws {
        let nobody = "http://127.0.0.1:\(try BackgroundServer.freePort())/"
        #expect(try await check(nobody).failure?.code == "verify-timed-out")
        let silent = try FakeServer([.read])
        #expect(try await check("http://127.0.0.1:\(silent.port)/").failure?.code == "verify-timed-out")
    }

    @Test func `a certificate of an unknown authority is no answer`() async throws {
        try await Sandbox.run { sandbox in
            let failure = try #require(try await check(sandbox.server + "/healthz").failure)
            #expect(failure.code == "verify-timed-out")
            #expect(failure.message.contains("certificate"), "\(failure)")
        }
    }

    @Test func `it can be cancelled in the middle of an answer`() async throws {
        let server = try FakeServer([.read, .hang])
        let events = Events()
        let task = Task { try await check("http://127.0.0.1:\(server.port)/", events) }
        _ = await events.started()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
