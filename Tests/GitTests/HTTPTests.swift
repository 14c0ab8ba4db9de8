import Git
import TestServers
import Testing

/// Reading over HTTP from `git http-backend` behind nginx.
@Suite(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
struct HTTPTests {
    private let files: [String: GitFixture.File] = ["deploy-descriptor.yaml": "apps: []\n"]

    private func secure(_ server: GitHTTPServer) throws -> Reader {
        var reader = try Reader()
        reader.options.certificateAuthority = server.authority.certificate
        return reader
    }

    /// The same repository over every protocol and version, anonymous.
    @Test(arguments: ["git", "v0", "same"])
    func `a file is read, and read again after a push`(_ place: String) async throws {
        let server = try await GitHTTPServer.shared.value
        for base in [server.plain, server.secure] {
            let fixture = try await GitFixture.environments(files)
            let name = try server.serve(fixture)
            let reader = try secure(server)
            let url = "\(base)/\(place)/\(name)"
            #expect(try await reader.text("deploy-descriptor.yaml", of: "LIVE", at: url) == "apps: []\n")
            let text = "apps: [] # \(base)\n"
            try await fixture.commit(to: "LIVE", ["deploy-descriptor.yaml": .text(text)], time: 1_750_000_060)
            #expect(try await reader.text("deploy-descriptor.yaml", of: "LIVE", at: url) == text)
        }
    }

    /// The first words of a v2 server name capabilities alone, so they are asked for once and each poll is one request.
    @Test func `a further poll takes one request`() async throws {
        let server = try await GitHTTPServer.shared.value
        let name = try server.serve(try await GitFixture.environments(files))
        try await Reader().open("\(server.plain)/git/\(name)") { repository in
            let tip = try await repository.update(branch: try BranchName("LIVE"))
            for _ in 0..<3 { #expect(try await repository.refs().branches[tip.branch] == tip.commit) }
            let before = try server.requests(for: name)
            #expect(before.count { $0.hasPrefix("GET ") } == 1, "\(before)")
            #expect(
                (4...5).contains(before.count { $0.hasPrefix("POST ") }), "the last may not be logged yet: \(before)")

            let failure = try await server.without(name) { try await code { _ = try await repository.refs() } }
            #expect(failure != nil)
            #expect(try await repository.refs().branches[tip.branch] == tip.commit)
            let after = try server.requests(for: name)
            #expect(after.count { $0.hasPrefix("GET ") } >= 2, "what failed is asked anew: \(after)")
        }
    }

    /// Each way a server's identity can be wrong is told apart, and none of them is read from.
    @Test func `a certificate that isn't trusted is denied`() async throws {
        let server = try await GitHTTPServer.shared.value
        let name = try server.serve(try await GitFixture.environments(files))
        let rows: [(base: String, authority: String?, code: String)] = [
            (server.secure, server.otherAuthority.certificate, "tls-untrusted"),
            // The system's authorities don't know the tests' own.
            (server.secure, nil, "tls-untrusted"),
            (server.expired, server.authority.certificate, "tls-untrusted"),
            (server.otherName, server.authority.certificate, "tls-host-name"),
            (server.secure, "/nonexistent/authority.pem", "certificate-authority"),
            // A file that holds no certificate must not mean "trust anything".
            (server.secure, "/dev/null", "certificate-authority"),
        ]
        for row in rows {
            var reader = try Reader()
            reader.options.certificateAuthority = row.authority
            let code = try await code {
                _ = try await reader.text("deploy-descriptor.yaml", of: "LIVE", at: "\(row.base)/git/\(name)")
            }
            #expect(code == row.code, "\(row)")
        }
    }

    @Test func `a client certificate is shown where the server wants one`() async throws {
        let server = try await GitHTTPServer.shared.value
        let name = try server.serve(try await GitFixture.environments(files))
        let url = "\(server.mutual)/git/\(name)"
        var reader = try secure(server)
        #expect(
            try await code { _ = try await reader.text("deploy-descriptor.yaml", of: "DEV", at: url) }
                == "client-certificate")
        reader.options.clientCertificate = server.strangeClient.certificate
        reader.options.clientKey = server.strangeClient.key
        #expect(
            try await code { _ = try await reader.text("deploy-descriptor.yaml", of: "DEV", at: url) }
                == "client-certificate")
        reader.options.clientCertificate = server.client.certificate
        reader.options.clientKey = server.client.key
        #expect(try await reader.text("deploy-descriptor.yaml", of: "DEV", at: url) == "apps: []\n")
        reader.options.clientKey = nil
        #expect(
            try await code { _ = try await reader.text("deploy-descriptor.yaml", of: "DEV", at: url) }
                == "client-certificate-incomplete")
        reader.options.clientKey = server.authority.certificate
        #expect(
            try await code { _ = try await reader.text("deploy-descriptor.yaml", of: "DEV", at: url) }
                == "client-certificate-unreadable")
    }

    /// Where a redirect leads decides: on the same server it is followed, anywhere else credentials would go astray.
    @Test(arguments: [
        ("elsewhere", "redirect-elsewhere"), ("downgrade", "redirect-elsewhere"), ("login", "redirect"),
    ])
    func `a redirect away from the repository is refused`(_ place: String, _ code: String) async throws {
        let server = try await GitHTTPServer.shared.value
        let name = try server.serve(try await GitFixture.environments(files))
        let reader = try secure(server)
        let actual = try await GitTests.code {
            _ = try await reader.text("deploy-descriptor.yaml", of: "DEV", at: "\(server.secure)/\(place)/\(name)")
        }
        #expect(actual == code)
    }

    /// A status says whose turn it is: 401 and 403 ours, 404 the URL's, 429 and 5xx the server's.
    @Test(arguments: [
        (401, "unauthorized", GitError.Category.denied), (403, "forbidden", .denied),
        (404, "repository-not-found", .refused), (410, "repository-not-found", .refused),
        (418, "http-status", .refused), (429, "rate-limited", .unreachable), (500, "server-error", .unreachable),
        (502, "server-error", .unreachable), (503, "server-error", .unreachable),
    ])
    func `a status becomes a code`(_ status: Int, _ code: String, _ category: GitError.Category) async throws {
        let server = try await GitHTTPServer.shared.value
        let reader = try secure(server)
        do {
            _ = try await reader.open("\(server.secure)/status/\(status)/r.git") { try await $0.refs() }
            Issue.record("status \(status) was taken for an answer")
        } catch let error as GitError {
            #expect(error.code == code)
            #expect(error.category == category)
        }
    }

    @Test func `plain files are refused`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await GitFixture.environments(files)
        try await fixture.git("update-server-info")
        let name = try server.serve(fixture)
        let reader = try secure(server)
        let code = try await code { _ = try await reader.open("\(server.secure)/dumb/\(name)") { try await $0.refs() } }
        #expect(code == "not-smart-http")
    }

    @Test func `missing branches and repositories are told apart`() async throws {
        let server = try await GitHTTPServer.shared.value
        let name = try server.serve(try await GitFixture.environments(files))
        let empty = try server.serve(try await GitFixture())
        let reader = try secure(server)
        for place in ["git", "v0"] {
            let base = "\(server.secure)/\(place)"
            #expect(
                try await code { _ = try await reader.text("a", of: "PROD", at: "\(base)/\(name)") }
                    == "branch-not-found")
            #expect(
                try await code { _ = try await reader.text("a", of: "DEV", at: "\(base)/\(empty)") }
                    == "repository-empty")
            #expect(
                try await code { _ = try await reader.text("a", of: "DEV", at: "\(base)/none.git") }
                    == "repository-not-found")
        }
    }

    @Test(arguments: ["git", "v0"])
    func `a SHA-256 repository is refused`(_ place: String) async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await GitFixture(objectFormat: "sha256")
        try await fixture.commit(to: "DEV", files)
        let name = try server.serve(fixture)
        let reader = try secure(server)
        let code = try await code { _ = try await reader.text("a", of: "DEV", at: "\(server.secure)/\(place)/\(name)") }
        #expect(code == "sha256-repository")
    }
}
