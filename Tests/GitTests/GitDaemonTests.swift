import Git
import TestServers
import Testing

/// Reading from `git daemon` over `git://`.
@Suite(.enabled(if: Requirement.gitDaemon.isToRun, "\(Requirement.gitDaemon)"))
struct GitDaemonTests {
    @Test func `a file is read, and read again after a push`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let daemon = try await GitDaemon(fixture)
        let reader = try Reader()
        #expect(try await reader.text("a", of: "LIVE", at: daemon.url) == "1\n")
        try await fixture.commit(to: "LIVE", ["a": "2\n"], time: 1_750_000_060)
        #expect(try await reader.text("a", of: "LIVE", at: daemon.url) == "2\n")
    }

    @Test func `what isn't there is told apart`() async throws {
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let daemon = try await GitDaemon(fixture)
        let reader = try Reader()
        let closed = try BackgroundServer.freePort()
        let rows = [
            (daemon.url.replacing("deployments", with: "none"), "repository-not-found"),
            ("git://127.0.0.1:\(closed)/r.git", "connection-failed"), ("git://host.invalid/r.git", "host-not-found"),
        ]
        for (url, expected) in rows {
            #expect(try await code { _ = try await reader.text("a", of: "DEV", at: url) } == expected)
        }
    }
}
