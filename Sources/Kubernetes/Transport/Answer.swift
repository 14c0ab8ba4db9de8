import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1

/// A complete answer.
struct Answer: Sendable {
    var status: Int
    /// `Retry-After` in seconds, the only form the API server uses.
    var retryAfter: Duration?
    var body: Data

    init(_ response: HTTPClientResponse, body: Data) {
        status = Int(response.status.code)
        retryAfter = response.headers.first(name: "Retry-After").flatMap { Int($0.trimmingSpace()) }
            .flatMap { $0 >= 0 ? .seconds($0) : nil }
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
