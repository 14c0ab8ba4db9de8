import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Reconciling
import Reporting

/// What is answered at which address.
struct Routes: Sendable {
    let metrics: Metrics
    let readiness: @Sendable () async -> Readiness
    let webhooks: WebhookReceiver
    let bodies: BodyReader
    let version: String

    /// - Parameter address: of the client.
    func respond(to request: Request, from address: String) async -> Response {
        let path = request.head.path.map { $0.prefix { $0 != "?" } } ?? ""
        let prefix = "/webhooks/"
        if path.hasPrefix(prefix) {
            return await webhook(String(path.dropFirst(prefix.count)), request, from: address)
        }
        guard ["/metrics", "/healthz", "/readyz", "/version"].contains(path) else { return Refusal.notFound.response }
        guard request.method == .get || request.method == .head else {
            return Refusal.methodNotAllowed("GET, HEAD").response
        }
        var response = await page(path)
        if request.method == .head {
            // The length follows a new body, so it is set after that.
            let length = response.body.contentLength
            response.body = ResponseBody()
            response.headers[.contentLength] = length.map(String.init)
        }
        return response
    }

    private func page(_ path: Substring) async -> Response {
        switch path {
        case "/metrics": return .text(metrics.render(), type: Exposition.contentType)
        case "/healthz": return .text("ok\n", type: "text/plain; charset=utf-8")
        case "/readyz":
            let readiness = await readiness()
            return .json(readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
        default: return .json(["version": version])
        }
    }

    private func webhook(_ name: String, _ request: Request, from address: String) async -> Response {
        guard let provider = ForgeProvider(rawValue: name), await webhooks.listens(to: provider) else {
            return Refusal.notFound.response
        }
        guard request.method == .post else { return Refusal.methodNotAllowed("POST").response }
        if let wait = webhooks.admit(provider, from: address) { return Refusal.tooManyRequests(wait).response }
        do {
            return try await bodies.read(request) { body in
                let delivery = WebhookDelivery(provider: provider, headers: request.headers, body: body)
                return Self.response(await webhooks.receive(delivery, from: address))
            }
        } catch BodyReader.Refusal.tooLarge {
            webhooks.refused(provider, .tooLarge)
            return Refusal.contentTooLarge.response
        } catch BodyReader.Refusal.tooSlow {
            webhooks.refused(provider, .tooSlow)
            return Refusal.requestTimeout.response
        } catch BodyReader.Refusal.tooMany {
            webhooks.refused(provider, .limited)
            return Refusal.tooManyRequests(.seconds(1)).response
        } catch {
            webhooks.refused(provider, .malformed)
            return Refusal.badRequest.response
        }
    }

    private static func response(_ answer: WebhookReceiver.Answer) -> Response {
        switch answer {
        case .woken: .json(["result": "woken"], status: .accepted)
        case .ignored: .json(["result": "ignored"])
        case .replayed: .json(["result": "replayed"])
        case .forged: Refusal.unauthorized.response
        case .stale: Refusal.stale.response
        case .malformed: Refusal.malformed.response
        }
    }
}

extension Response {
    static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        do {
            let text = String(decoding: try encoder.encode(value), as: UTF8.self)
            return .text(text + "\n", type: "application/json", status: status)
        } catch {
            // Strings, lists and truth values have a JSON form; one that has none is an error here, and no secret.
            return .text("{\"error\":\"internal\"}\n", type: "application/json", status: .internalServerError)
        }
    }
}
