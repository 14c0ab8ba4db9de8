import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import TestServers
import Testing

@testable import Serving

/// TLS, with certificates that are renewed while the server runs.
@Suite(.enabled(if: Requirement("openssl", programs: ["openssl"], package: "openssl").isToRun))
struct TLSTests {
    @Test func serves() async throws {
        let folder = try TemporaryFolder()
        let authority = try await PrivateAuthority(folder: folder.path)
        let identity = try await authority.issue("server", names: "IP:127.0.0.1")
        let tls = (identity.certificate, identity.key, authority.certificate)
        try await ServingScene.run(tls: tls) { scene in
            let answer = try await scene.send(HTTPClientRequest(url: "https://127.0.0.1:\(scene.port)/version"))
            #expect(answer.status == 200)
            // Who speaks without TLS gets no answer.
            try await RawClient.connect(port: scene.port) { client in
                try await client.send("GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(!(try await client.readToEnd()).contains("version"))
            }
        }
    }

    @Test("A renewed certificate is used, half a renewal is not")
    func renewed() async throws {
        let folder = try TemporaryFolder()
        let first = try await PrivateAuthority(folder: folder.path, name: "first")
        let second = try await PrivateAuthority(folder: folder.path, name: "second")
        let old = try await first.issue("server", names: "IP:127.0.0.1")
        let new = try await second.issue("renewed", names: "IP:127.0.0.1")
        // A client of its own for each request, so that each shakes hands.
        let status = { @Sendable (port: Int, authority: PrivateAuthority) async throws -> Int in
            var configuration = HTTPClient.Configuration()
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authority.certificate)
            configuration.tlsConfiguration = tls
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            do {
                let response = try await client.execute(
                    HTTPClientRequest(url: "https://127.0.0.1:\(port)/healthz"), timeout: .seconds(10))
                try await client.shutdown()
                return Int(response.status.code)
            } catch {
                try await client.shutdown()
                return 0
            }
        }
        try await ServingScene.run(tls: (old.certificate, old.key, first.certificate)) { scene in
            #expect(try await status(scene.port, first) == 200)
            let replace = { (path: String, source: String) in
                try TemporaryFolder.write(path, Array(try Data(contentsOf: URL(filePath: source))))
            }
            try replace(old.certificate, new.certificate)
            scene.time.advance(by: .seconds(5))
            #expect(try await status(scene.port, first) == 200)
            try replace(old.key, new.key)
            scene.time.advance(by: .seconds(5))
            #expect(try await status(scene.port, second) == 200)
            #expect(try await status(scene.port, first) == 0)
        }
    }

    @Test("A server that cannot prove who it is does not start")
    func refused() async throws {
        let folder = try TemporaryFolder()
        let authority = try await PrivateAuthority(folder: folder.path)
        let one = try await authority.issue("one", names: "IP:127.0.0.1")
        let two = try await authority.issue("two", names: "IP:127.0.0.1")
        for (certificate, key) in [
            (one.certificate, two.key), (folder.path + "/absent.pem", one.key), (one.key, one.key),
            (one.certificate, one.certificate),
        ] {
            let error = await #expect(throws: ServerError.self) {
                try await ServingScene.run(tls: (certificate, key, authority.certificate)) { _ in }
            }
            #expect(error?.code == "certificate")
        }
    }
}
