import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import Sandbox

/// A client that trusts the sandbox's authority only, and shows answers as they come.
struct SandboxClient {
    let http: HTTPClient
    let server: String
    let token: String?

    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let object: JSONValue
    }

    /// Runs the body with a sandbox that has the namespace `shop`, and its administrator's client.
    static func run<R: Sendable>(
        _ options: Sandbox.Options = .init(), _ body: (Sandbox, SandboxClient) async throws -> R
    ) async throws -> R {
        try await Sandbox.run(options) { sandbox in
            try sandbox.createNamespace("shop")
            return try await with(sandbox, token: sandbox.administrator.token) { try await body(sandbox, $0) }
        }
    }

    static func with<R: Sendable>(
        _ sandbox: Sandbox, token: String?, authority: String? = nil, server: String? = nil,
        _ body: (SandboxClient) async throws -> R
    ) async throws -> R {
        var tls = TLSConfiguration.makeClientConfiguration()
        let authority = Array((authority ?? sandbox.certificateAuthority).utf8)
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, timeout: .init(connect: .seconds(10), read: .seconds(30)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1000
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            try await body(SandboxClient(http: http, server: server ?? sandbox.server, token: token))
        }
    }

    func `as`(_ account: Account) -> SandboxClient {
        SandboxClient(http: http, server: server, token: account.token)
    }

    func get(_ path: String, accept: String = "application/json") async throws -> Answer {
        let response = try await open(path, accept: accept)
        var body = try await response.body.collect(upTo: 8 << 20)
        let bytes = Data(body.readBytes(length: body.readableBytes) ?? [])
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            object: bytes.first == UInt8(ascii: "{") ? try JSONValue(json: bytes) : .null)
    }

    /// The answer up to its head.
    func open(_ path: String, accept: String = "application/json") async throws -> HTTPClientResponse {
        try await http.execute(request(.GET, path, accept: accept), timeout: .seconds(30))
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue, type: String = "application/json"
    ) async throws -> Answer {
        var request = request(method, path, accept: "application/json")
        request.headers.add(name: "Content-Type", value: type)
        request.body = .bytes(ByteBuffer(bytes: try body.json()))
        let response = try await http.execute(request, timeout: .seconds(30))
        let bytes = try await response.body.collect(upTo: 8 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            object: try JSONValue(json: Data(bytes.readableBytesView)))
    }

    private func request(_ method: HTTPMethod, _ path: String, accept: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server + path)
        request.method = method
        request.headers.add(name: "Accept", value: accept)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }
}
