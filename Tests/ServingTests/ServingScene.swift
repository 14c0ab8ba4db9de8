import AsyncHTTPClient
import Crypto
import FoundationEssentials
import Git
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Reconciling
import Reporting
import ServiceLifecycle
import TestServers

@testable import Serving

/// A server on a free port of this machine, with all that it is wired to.
struct ServingScene: Sendable {
    let port: Int
    let time: ManualTime
    let metrics: Metrics
    let wakes: Wakes
    let folder: TemporaryFolder
    let server: HTTPServer
    let client: HTTPClient

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: String
    }

    /// - Parameter endpoints: may write the secrets into the folder.
    static func run(
        limits: ServerLimits = ServerLimits(), readiness: Readiness = Readiness(isReady: true),
        tls: (certificate: String, key: String, authority: String)? = nil, folder given: TemporaryFolder? = nil,
        endpoints: @escaping @Sendable (TemporaryFolder) throws -> [WebhookEndpoint] = { _ in [] },
        _ body: @Sendable (ServingScene) async throws -> Void
    ) async throws {
        let folder = try given ?? TemporaryFolder()
        let (time, wakes) = (ManualTime(), Wakes())
        let metrics = Metrics(version: "1.2.3")
        let listening = try endpoints(folder)
        let logger = TestOutput.logger
        let webhooks = WebhookReceiver(
            endpoints: { listening }, limits: limits, metrics: metrics, logger: logger, time: time.source
        ) { wakes.record($0) }
        let (ports, started) = AsyncStream<Int>.makeStream()
        let settings = ServerSettings(
            host: "127.0.0.1", port: 0, certificate: tls?.certificate, key: tls?.key, limits: limits)
        let server = HTTPServer(
            settings: settings, metrics: metrics, readiness: { readiness }, webhooks: webhooks, version: "1.2.3",
            logger: logger, time: time.source, onListening: { started.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { started.finish() }
                try await server.run()
            }
            var running = ports.makeAsyncIterator()
            guard let port = await running.next() else { return try await group.waitForAll() }
            let client = try Self.client(tls?.authority)
            let scene = ServingScene(
                port: port, time: time, metrics: metrics, wakes: wakes, folder: folder, server: server, client: client)
            let result: Result<Void, any Error>
            do { result = .success(try await body(scene)) } catch { result = .failure(error) }
            try await client.shutdown()
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
            try result.get()
        }
    }

    private static func client(_ authority: String?) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        if let authority {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .file(authority)
            configuration.tlsConfiguration = tls
        }
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func get(_ path: String, method: HTTPMethod = .GET) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = method
        return try await send(request)
    }

    func post(_ path: String, _ body: [UInt8], headers: [(String, String)] = []) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .POST
        request.headers = HTTPHeaders([("Content-Type", "application/json")] + headers)
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await send(request)
    }

    func send(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 16 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: String(buffer: body))
    }

    /// A sample of the metrics, as their text has it.
    func sample(_ name: String) -> String? {
        metrics.render().split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .map { String($0.dropFirst(name.count + 1)) }
    }
}

/// A payload of the folder beside the tests.
enum Payload {
    static func read(_ name: String, file: String = #filePath) throws -> [UInt8] {
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        return Array(try Data(contentsOf: URL(filePath: "/\(folder)/Payloads/\(name).json")))
    }
}

/// What a forge sends with a payload.
enum Signing {
    static func hex(_ content: [UInt8], _ secret: String) -> String {
        HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: Array(secret.utf8)))
            .map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
    }

    static func github(_ body: [UInt8], _ secret: String, event: String = "push") -> [(String, String)] {
        [("X-GitHub-Event", event), ("X-Hub-Signature-256", "sha256=" + hex(body, secret))]
    }

    static func gitea(_ body: [UInt8], _ secret: String) -> [(String, String)] {
        [("X-Gitea-Event", "push"), ("X-Gitea-Signature", hex(body, secret))]
    }

    static func forgejo(_ body: [UInt8], _ secret: String) -> [(String, String)] {
        [("X-Forgejo-Event", "push"), ("X-Forgejo-Signature", hex(body, secret))] + gitea(body, secret)
            + [("X-Hub-Signature-256", "sha256=" + hex(body, secret))]
    }

    static func bitbucket(_ body: [UInt8], _ secret: String, event: String = "repo:push") -> [(String, String)] {
        [("X-Event-Key", event), ("X-Hub-Signature", "sha256=" + hex(body, secret))]
    }

    static func gitlab(token: String, event: String = "Push Hook") -> [(String, String)] {
        [("X-Gitlab-Event", event), ("X-Gitlab-Token", token)]
    }

    static func generic(_ body: [UInt8], _ secret: String, at date: Date) -> [(String, String)] {
        let time = "\(Int64(date.timeIntervalSince1970))"
        return [
            ("X-Descry-Timestamp", time),
            ("X-Descry-Signature-256", "sha256=" + hex(Array("\(time).".utf8) + body, secret)),
        ]
    }

    /// Standard Webhooks, as GitLab sends them with a signing token.
    static func standard(_ body: [UInt8], key: [UInt8], id: String, at date: Date) -> [(String, String)] {
        let time = "\(Int64(date.timeIntervalSince1970))"
        let content = Array("\(id).\(time).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: key))
        return [
            ("X-Gitlab-Event", "Push Hook"), ("webhook-id", id), ("webhook-timestamp", time),
            ("webhook-signature", "v1," + Data(code).base64EncodedString()),
        ]
    }
}

extension WebhookEndpoint {
    /// An endpoint of the branch DEV, with its secret in the folder.
    static func sample(
        _ provider: ForgeProvider, _ repository: String, secret: String = PlantedSecret.marker,
        environment: String = "DEV", branch: String = "DEV", in folder: TemporaryFolder
    ) throws -> WebhookEndpoint {
        let path = try folder.write("\(environment)-\(provider.rawValue).secret", secret + "\n")
        return WebhookEndpoint(
            environment: environment, provider: provider, secret: SecretFile(path: path),
            repository: try RemoteURL(repository), branch: try BranchName(branch))
    }
}
