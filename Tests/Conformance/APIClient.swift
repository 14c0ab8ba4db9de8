import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Sandbox

/// Talks to an API server as one user and shows what it answers as it is, errors included: what the suite asserts.
public struct APIClient: Sendable {
    let http: HTTPClient
    /// `https://127.0.0.1:PORT`
    let server: String
    /// Sent as a bearer token; nil where the connection's certificate says who it is, or nothing does.
    let token: String?

    enum Method: String {
        case get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        /// The body; null where it is no JSON.
        let object: JSONValue
        let text: String

        var reason: String? { object["reason"]?.string }
        var message: String { object["message"]?.string ?? text }

        /// The object of an answer that is no refusal.
        func accepted() throws -> JSONValue {
            guard 200..<300 ~= status else { throw Refused(status: status, text: text) }
            return object
        }
    }

    /// A request that was to succeed did not.
    struct Refused: Error, CustomStringConvertible {
        let status: Int
        let text: String
        var description: String { "\(status) \(text)" }
    }

    func get(_ path: String, _ query: [String: String] = [:], accept: String = "application/json") async throws
        -> Answer
    {
        try await send(.get, path, query, accept: accept)
    }

    func send(
        _ method: Method, _ path: String, _ query: [String: String] = [:], body: JSONValue? = nil,
        type: String = "application/json", accept: String = "application/json", headers: [String: String] = [:]
    ) async throws -> Answer {
        try await send(method, path, query, bytes: try body?.json(), type: type, accept: accept, headers: headers)
    }

    func send(
        _ method: Method, _ path: String, _ query: [String: String] = [:], bytes: Data?, type: String,
        accept: String = "application/json", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = try request(method, path, query, accept: accept)
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if let bytes {
            request.headers.replaceOrAdd(name: "Content-Type", value: type)
            request.body = .bytes(ByteBuffer(bytes: bytes))
        }
        let response = try await http.execute(request, timeout: .seconds(60))
        var body = try await response.body.collect(upTo: 32 << 20)
        let bytes = body.readBytes(length: body.readableBytes) ?? []
        let isJSON = response.headers.first(name: "Content-Type")?.hasPrefix("application/json") ?? false
        return Answer(
            status: Int(response.status.code), headers: response.headers,
            object: isJSON ? try JSONValue(json: Data(bytes)) : .null, text: String(decoding: bytes, as: UTF8.self))
    }

    func request(
        _ method: Method, _ path: String, _ query: [String: String], accept: String = "application/json"
    ) throws -> HTTPClientRequest {
        var components = URLComponents(string: server + path)
        if !query.isEmpty {
            components?.queryItems = query.sorted { $0.key < $1.key }.map {
                URLQueryItem(name: $0.key, value: $0.value)
            }
        }
        guard let url = components?.string else { throw Refused(status: 0, text: "no URL: \(path)") }
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(name: "Accept", value: accept)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }
}
