import Git
import Synchronization
import TestServers
import Testing

/// What is told of questions to git servers to whoever counts them.
@Suite(.enabled(if: Requirement.gitDaemon.isToRun, "\(Requirement.gitDaemon)"))
struct RequestObservationTests {
    private final class Told: Sendable {
        private let recorded = Mutex<[RequestObservation]>([])

        var lines: [String] {
            recorded.withLock { $0.map { "\($0.operation) \($0.error?.code ?? "ok")" } }
        }

        func record(_ observation: RequestObservation) { recorded.withLock { $0.append(observation) } }
    }

    @Test func `a question for the branches and one for a commit are told, what the cache has is not`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let daemon = try await GitDaemon(fixture)
        let told = Told()
        var reader = try Reader()
        reader.options.onRequest = told.record
        let (held, url) = (reader, daemon.url)
        #expect(try await held.text("a", of: "LIVE", at: url) == "1\n")
        #expect(told.lines == ["refs ok", "fetch ok"])
        #expect(try await held.text("a", of: "LIVE", at: url) == "1\n")
        #expect(told.lines == ["refs ok", "fetch ok", "refs ok"])
    }

    @Test func `a deadline that passes is told as that, not as a cancellation`() async throws {
        let server = try FakeServer([.hang])
        let told = Told()
        var reader = try Reader()
        reader.options.deadlines.idle = .milliseconds(100)
        reader.options.onRequest = told.record
        let held = reader
        _ = try await code { _ = try await held.open("http://127.0.0.1:\(server.port)/r.git") { try await $0.refs() } }
        #expect(told.lines == ["refs idle-timeout"])
    }
}
