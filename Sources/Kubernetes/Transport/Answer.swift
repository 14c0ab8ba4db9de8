import AsyncHTTPClient
import Documents
import FoundationEssentials
import NIOHTTP1

/// A complete answer.
struct Answer: Sendable {
    var status: Int
    /// What the API server, or a proxy before it, asks for.
    var retryAfter: Duration?
    var body: Data

    init(_ response: HTTPClientResponse, body: Data) {
        status = Int(response.status.code)
        retryAfter = RetryAfter.pause(
            response.headers.first(name: "Retry-After"), date: response.headers.first(name: "Date"),
            now: Int64(Date().timeIntervalSince1970))
        self.body = body
    }

    /// True where the same request may be answered otherwise a little later.
    var isTransient: Bool { [429, 500, 502, 503, 504].contains(status) }

    func error(purpose: APIRequest.Purpose) -> KubernetesError {
        .answered(status: status, object: statusObject, purpose: purpose, retryAfter: retryAfter)
    }

    /// The body of a refusal by the API server; nil where it is anything else.
    var statusObject: StatusObject? {
        let object: StatusObject
        do {
            object = try JSONDecoder().decode(StatusObject.self, from: body)
        } catch {
            return nil  // a proxy's page, not the API server's: the status says enough
        }
        return object.kind == "Status" ? object : nil
    }
}
