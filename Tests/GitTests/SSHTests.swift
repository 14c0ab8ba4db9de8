import Git
import TestServers
import Testing

/// Reading through `ssh` from an `sshd` on loopback.
@Suite(.enabled(if: Requirement.sshServer.isToRun, "\(Requirement.sshServer)"))
struct SSHTests {
    private func reader(_ command: [String]) throws -> Reader {
        var reader = try Reader()
        reader.options.sshCommand = command
        return reader
    }

    @Test func `a file is read with an Ed25519 and with an RSA key`() async throws {
        let server = try await SSHServer.shared.value
        let fixture = try await GitFixture.environments(["a": "1\n"])
        for key in [server.ed25519, server.rsa] {
            let reader = try reader(server.command(key: key))
            #expect(try await reader.text("a", of: "STAGE", at: server.url(fixture)) == "1\n")
            try await fixture.commit(to: "STAGE", ["b": "2\n"], time: 1_750_000_060)
            #expect(try await reader.text("b", of: "STAGE", at: server.url(fixture)) == "2\n")
            try await fixture.move("STAGE", to: try await fixture.tip(of: "LIVE"))
        }
    }

    @Test func `the command comes from GIT_SSH_COMMAND, without a shell`() async throws {
        let server = try await SSHServer.shared.value
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let command = server.command(key: server.ed25519).map { "'\($0)'" }.joined(separator: " ")
        let reader = try Reader(environment: ["GIT_SSH_COMMAND": command])
        #expect(try await reader.text("a", of: "DEV", at: server.url(fixture)) == "1\n")
    }

    @Test func `a path with blanks and quotes reaches the server as it is`() async throws {
        let server = try await SSHServer.shared.value
        let fixture = try await GitFixture(name: "it's a 'de!ploy' $(repo).git")
        try await fixture.commit(to: "DEV", ["a": "1\n"])
        let reader = try reader(server.command(key: server.ed25519))
        #expect(try await reader.text("a", of: "DEV", at: server.url(fixture)) == "1\n")
    }

    /// What ssh says only on its standard error is told apart.
    @Test func `each refusal of ssh has its code`() async throws {
        let server = try await SSHServer.shared.value
        let fixture = try await GitFixture.environments(["a": "1\n"])
        let empty = try await GitFixture()
        let closed = try BackgroundServer.freePort()
        let url = server.url(fixture)
        let good = server.command(key: server.ed25519)
        let rows: [([String], String, String, GitError.Category)] = [
            (server.command(key: server.unknownKey), url, "ssh-denied", .denied),
            (server.command(key: server.ed25519, knownHosts: server.changedHosts), url, "host-key-changed", .denied),
            (server.command(key: server.ed25519, knownHosts: server.noHosts), url, "host-key-unknown", .denied),
            (good, url + "-none", "repository-not-found", .refused),
            (good, server.url(empty), "repository-empty", .refused),
            (good, "ssh://127.0.0.1:\(closed)/r.git", "connection-failed", .unreachable),
            (good, "ssh://host.invalid/r.git", "host-not-found", .unreachable),
            (["no-such-ssh-program"], url, "program-not-found", .refused),
        ]
        for (command, url, code, category) in rows {
            let reader = try reader(command)
            do {
                _ = try await reader.text("a", of: "DEV", at: url)
                Issue.record("\(code) was expected")
            } catch let error as GitError {
                #expect(error.code == code, "\(error)")
                #expect(error.category == category)
            }
        }
    }
}
