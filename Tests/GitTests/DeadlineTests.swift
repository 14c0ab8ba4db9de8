import Git
import Logging
import TestServers
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Servers that misbehave as no real one can be made to. Each ends in one clear error, and none in a wait without end: a
/// test that hangs is stopped by its time limit.
@Suite(.timeLimit(.minutes(15)))
struct DeadlineTests {
    private func reader(idle: Duration = .milliseconds(300), total: Duration = .seconds(20)) throws -> Reader {
        var reader = try Reader()
        reader.options.deadlines.idle = idle
        reader.options.deadlines.total = total
        return reader
    }

    private static let advertised = "HTTP/1.1 200 OK\nContent-Type: application/x-git-upload-pack-advertisement\n"

    @Test(arguments: ["http", "https", "git"])
    func `a server that accepts and never answers`(_ scheme: String) async throws {
        let server = try FakeServer([.hang])
        var reader = try reader()
        reader.options.deadlines.connect = .milliseconds(500)
        let held = reader
        let code = try await code {
            _ = try await held.open("\(scheme)://127.0.0.1:\(server.port)/r.git") { try await $0.refs() }
        }
        // TLS isn't a connection before its handshake is done.
        #expect(["idle-timeout", "connect-timeout"].contains(code))
    }

    @Test func `a server that stops in the middle of its answer`() async throws {
        let server = try FakeServer.http(
            Self.advertised + "Content-Length: 100000", body: Array("001e# service=git-upload-pack\n0000".utf8),
            then: [.hang])
        let reader = try reader()
        let code = try await code {
            _ = try await reader.open("http://127.0.0.1:\(server.port)/r.git") { try await $0.refs() }
        }
        #expect(code == "idle-timeout")
    }

    /// Never silent for long, never done: only the deadline for the whole catches it.
    @Test func `a server that answers byte by byte without end`() async throws {
        let server = try FakeServer.http(Self.advertised + "Content-Length: 100000", then: [.trickle(milliseconds: 20)])
        let reader = try reader(idle: .seconds(10), total: .milliseconds(600))
        // "0000" is a whole packet again and again; so are the others: what ends this is the total or the protocol.
        let code = try await code {
            _ = try await reader.open("http://127.0.0.1:\(server.port)/r.git") { try await $0.refs() }
        }
        #expect(["total-timeout", "repository-empty", nil].contains(code))
        let slow = try FakeServer.http(
            Self.advertised + "Content-Length: 100000", body: Array("fff0".utf8), then: [.trickle(milliseconds: 20)])
        let second = try await GitTests.code {
            _ = try await reader.open("http://127.0.0.1:\(slow.port)/r.git") { try await $0.refs() }
        }
        #expect(second == "total-timeout")
    }

    /// Each way in which an answer can end early or be something else.
    @Test func `answers that are none`() async throws {
        let start = Array("001e# service=git-upload-pack\n0000".utf8)
        let rows: [(FakeServer, String)] = [
            (try FakeServer([]), "connection-lost"), (try FakeServer([.read]), "connection-lost"),
            (try FakeServer([.read, .send(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8))]), "not-http"),
            (try FakeServer.http(Self.advertised + "Content-Length: 1000", body: start), "connection-lost"),
            (try FakeServer.http(Self.advertised + "Content-Length: 34", body: start), "connection-lost"),
            (try FakeServer.http(Self.advertised + "Content-Length: 4", body: Array("!!!!".utf8)), "packet-malformed"),
            (try FakeServer.http(Self.advertised + "Content-Length: 4", body: Array("0003".utf8)), "packet-malformed"),
            (
                try FakeServer.http("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 4", body: start),
                "not-smart-http"
            ),
            (try FakeServer.http("HTTP/1.1 302 Found\nContent-Length: 0"), "redirect"),
            (
                try FakeServer.http(
                    "HTTP/1.1 301 Moved\nLocation: http://other.invalid/info/refs?service=git-upload-pack\nContent-Length: 0"
                ), "redirect-elsewhere"
            ),
            (
                try FakeServer.http(
                    "HTTP/1.1 301 Moved\nLocation: /r.git/info/refs?service=git-upload-pack\nContent-Length: 0"),
                "redirect-loop"
            ),
        ]
        for (index, (server, expected)) in rows.enumerated() {
            let reader = try reader(idle: .seconds(10))
            let code = try await code {
                _ = try await reader.open("http://127.0.0.1:\(server.port)/r.git") { try await $0.refs() }
            }
            #expect(code == expected, "row \(index)")
        }
        let plain = try FakeServer([.read, .send(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))])
        let reader = try reader(idle: .seconds(10))
        #expect(
            try await code {
                _ = try await reader.open("https://127.0.0.1:\(plain.port)/r.git") { try await $0.refs() }
            }
                == "not-tls")
    }

    /// A pack that ends early or isn't one leaves the cache as it was.
    @Test func `a spoiled pack`() async throws {
        let tip = String(repeating: "1", count: 40)
        func packet(_ text: String) -> String {
            let digits = String(text.utf8.count + 4, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits + text
        }
        let head = packet("\(tip) refs/heads/DEV\0side-band-64k shallow\n") + "0000"
        let rows = [
            (packet("shallow \(tip)\n") + "0000" + packet("NAK\n") + packet("\u{1}PACK") + "0000", "pack-damaged"),
            (
                packet("shallow \(tip)\n") + "0000" + packet("NAK\n") + packet("\u{1}garbage, not a pack at all")
                    + "0000", "pack-damaged"
            ),
            (packet("shallow \(tip)\n") + "0000" + packet("NAK\n") + packet("\u{1}PACK"), "connection-lost"),
            (packet("shallow \(tip)\n") + "0000" + packet("NAK\n") + packet("\u{3}out of memory\n"), "server-error"),
            (packet("ERR upload-pack: not our ref \(tip)"), "commit-gone"),
        ]
        for (answer, expected) in rows {
            // Over git://, one connection for the list of branches, one for the pack.
            let server = try FakeServer([.read, .send(Array(head.utf8)), .read, .send(Array(answer.utf8))])
            let reader = try reader(idle: .seconds(10))
            let code = try await code {
                _ = try await reader.text("a", of: "DEV", at: "git://127.0.0.1:\(server.port)/r.git")
            }
            #expect(code == expected, "\(answer.suffix(40))")
            #expect(!TemporaryFolder.files(below: reader.cache.path).contains { $0.hasSuffix(".pack") })
        }
    }

    @Test func `an answer larger than allowed`() async throws {
        let body = Array(String(repeating: "0005a", count: 10_000).utf8)
        let server = try FakeServer.http(Self.advertised + "Content-Length: \(body.count)", body: body)
        var reader = try reader(idle: .seconds(10))
        reader.options.limits.refs = 0
        let held = reader
        let code = try await code {
            _ = try await held.open("http://127.0.0.1:\(server.port)/r.git") { try await $0.refs() }
        }
        #expect(code == "answer-too-large")
    }

    /// An `ssh` that hangs, and takes no notice of SIGTERM, is killed and reaped: at the deadline, and when the task is
    /// cancelled.
    @Test func `a program that hangs is ended`() async throws {
        var reader = try reader(idle: .seconds(1))
        let file = reader.cache.path + "/pid"
        // What follows are ssh's arguments, which the script ignores.
        reader.options.sshCommand = ["sh", "-c", "trap '' TERM; echo $$ >\(file); exec sleep 1000"]
        let held = reader
        #expect(try await code { _ = try await held.open("h:a") { try await $0.refs() } } == "idle-timeout")
        let pid = try #require(pid_t(try await Program.run("cat", [file]).filter { !$0.isWhitespace }))
        // Not even a zombie is left.
        #expect(kill(pid, 0) == -1 && errno == ESRCH)
        reader.options.deadlines.idle = .seconds(60)
        let patient = reader
        let task = Task { try await code { _ = try await patient.open("h:a") { try await $0.refs() } } }
        task.cancel()
        #expect(try await task.value == "cancelled")
    }

    @Test func `a closed repository says so`() async throws {
        let repository = try GitRepository(
            remote: RemoteURL("http://127.0.0.1:1/r"), options: try reader().options,
            logger: TestOutput.logger)
        await repository.close()
        await repository.close()
        #expect(try await code { _ = try await repository.refs() } == "closed")
    }
}
