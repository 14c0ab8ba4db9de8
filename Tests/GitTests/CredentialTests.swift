import Git
import Logging
import Synchronization
import TestServers
import Testing

/// Credentials reach the server that they are for, are read at each use, and appear nowhere else.
@Suite(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
struct CredentialTests {
    private func served() async throws -> (GitHTTPServer, String) {
        let server = try await GitHTTPServer.shared.value
        return (server, try server.serve(try await GitFixture.environments(["a": "1\n"])))
    }

    private func reader(_ credentials: GitCredentials, _ environment: [String: String] = [:]) async throws -> Reader {
        var reader = try Reader(credentials: credentials, environment: environment)
        reader.options.certificateAuthority = try await GitHTTPServer.shared.value.authority.certificate
        return reader
    }

    @Test func `basic and bearer are read from a file and from the environment`() async throws {
        let (server, name) = try await served()
        let folder = try TemporaryFolder()
        let password = try folder.write("password", GitHTTPServer.password + "\n")
        let token = try folder.write("token", GitHTTPServer.token + "\r\n")
        let variables = ["GIT_PASSWORD": GitHTTPServer.password, "GIT_TOKEN": GitHTTPServer.token]
        let rows: [(String, GitCredentials)] = [
            ("basic", GitCredentials(username: .text(GitHTTPServer.user), password: .file(password))),
            ("basic", GitCredentials(username: .text(GitHTTPServer.user), password: .environment("GIT_PASSWORD"))),
            ("bearer", GitCredentials(token: .file(token))),
            ("bearer", GitCredentials(token: .environment("GIT_TOKEN"))),
        ]
        for (place, credentials) in rows {
            let reader = try await reader(credentials, variables)
            #expect(try await reader.text("a", of: "DEV", at: "\(server.secure)/\(place)/\(name)") == "1\n")
        }
        let url = server.secure.replacing("https://", with: "https://\(GitHTTPServer.user):\(GitHTTPServer.password)@")
        #expect(try await reader(.none).text("a", of: "DEV", at: "\(url)/basic/\(name)") == "1\n")
    }

    @Test func `a rotated token is picked up`() async throws {
        let (server, name) = try await served()
        let folder = try TemporaryFolder()
        let token = try folder.write("token", "\(PlantedSecret.marker)-stale-token")
        let reader = try await reader(GitCredentials(token: .file(token)))
        try await reader.open("\(server.secure)/bearer/\(name)") { repository in
            #expect(try await code { _ = try await repository.refs() } == "unauthorized")
            try folder.write("token", GitHTTPServer.token)
            #expect(try await repository.refs().branches.count == 3)
            TemporaryFolder.delete(token)
            #expect(try await code { _ = try await repository.refs() } == "credential-unreadable")
        }
    }

    @Test func `a rotated password is picked up`() async throws {
        let (server, name) = try await served()
        let folder = try TemporaryFolder()
        let password = try folder.write("password", "\(PlantedSecret.marker)-stale-password")
        let reader = try await reader(GitCredentials(username: .text(GitHTTPServer.user), password: .file(password)))
        try await reader.open("\(server.secure)/basic/\(name)") { repository in
            #expect(try await code { _ = try await repository.refs() } == "unauthorized")
            try folder.write("password", GitHTTPServer.password)
            #expect(try await repository.refs().branches.count == 3)
            try folder.write("password", "\(PlantedSecret.marker)-stale-password")
            #expect(try await code { _ = try await repository.refs() } == "unauthorized", "nothing is kept")
        }
    }

    /// Credentials that can't be used are refused before anything is sent.
    @Test func `unusable credentials have their own codes`() async throws {
        let (server, name) = try await served()
        let folder = try TemporaryFolder()
        let rows: [(GitCredentials, String)] = [
            (GitCredentials(), "unauthorized"),
            (GitCredentials(token: .environment("NOT_SET_AT_ALL")), "credential-unreadable"),
            (GitCredentials(token: .file(try folder.write("empty", "\n"))), "credential-unreadable"),
            // A newline inside would begin another header.
            (GitCredentials(token: .file(try folder.write("lines", "a\nX-Evil: b\n"))), "credential-unreadable"),
            (GitCredentials(password: .text("p"), token: .text("t")), "credentials"),
            (GitCredentials(username: .text("a:b"), password: .text("p")), "credentials"),
        ]
        for (credentials, expected) in rows {
            let reader = try await reader(credentials)
            let actual = try await code {
                _ = try await reader.open("\(server.secure)/basic/\(name)") { try await $0.refs() }
            }
            #expect(actual == expected)
        }
    }

    /// Plants secrets everywhere and looks for them in errors, logs and the cache folder, also where the server repeats the
    /// header that it got.
    @Test func `no secret comes out again`() async throws {
        let (server, name) = try await served()
        let log = RecordedLog()
        let secret = "\(PlantedSecret.marker)-\(UInt64.random(in: .min ... .max))"
        let withUser = server.secure.replacing("https://", with: "https://oauth2:\(secret)@")
        let rows: [(GitCredentials, String)] = [
            (GitCredentials(username: .text("dana"), password: .text(secret)), server.secure),
            (GitCredentials(token: .text(secret)), server.secure), (.none, withUser),
            (.none, server.secure.replacing("https://", with: "https://\(secret)@")),
        ]
        var said = ""
        for (credentials, base) in rows {
            let reader = try await reader(credentials)
            for place in [
                "basic/\(name)", "status/401/r", "status/403/r", "status/500/r", "elsewhere/\(name)", "git/\(name)",
            ] {
                let repository = try GitRepository(
                    remote: RemoteURL("\(base)/\(place)"), options: reader.options, logger: log.logger)
                do {
                    let tip = try await repository.update(branch: BranchName("DEV"))
                    try await repository.accept(tip)
                } catch { said += "\(error) \(error.message) \(error.hint ?? "")\n" }
                said += "\(repository.remote)\n"
                await repository.close()
            }
            for file in TemporaryFolder.files(below: reader.cache.path) {
                #expect(!file.contains(secret))
                #expect(try await !Program.run("strings", [file]).contains(secret))
            }
        }
        let encoded = ["dana:\(secret)", "oauth2:\(secret)", "\(secret):"].map(Self.base64)
        for word in [secret] + encoded {
            #expect(!said.contains(word))
            #expect(!log.text.contains(word))
        }
        #expect(said.contains("the server's own words"), "the fake repeats the header, so the test can fail")
        #expect(!log.text.isEmpty)
    }

    private static func base64(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        // The first characters of the encoding identify the pair; its padding depends on the length.
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count - 2, by: 3).map { index in
            let word = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            return String([18, 12, 6, 0].map { alphabet[word >> $0 & 63] })
        }
        .joined()
    }
}

/// A log that the test reads.
final class RecordedLog: Sendable {
    private let lines = Mutex("")

    var text: String { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.lines.withLock { $0 += "\(event.message) \(all)\n" }
        }
    }
}
