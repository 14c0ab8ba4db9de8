import HTTPTypes
import Hummingbird

/// Why a request gets no answer to what it asks: a code for programs, in words that tell a stranger nothing.
struct Refusal: Sendable {
    var status: HTTPResponse.Status
    var code: String
    var hint: String?
    var headers: HTTPFields = [:]
    /// The rest of the request is not wanted.
    var endsConnection = false

    static let notFound = Refusal(status: .notFound, code: "not-found")
    static let badRequest = Refusal(status: .badRequest, code: "bad-request", endsConnection: true)
    static let unauthorized = Refusal(
        status: .unauthorized, code: "signature", hint: "The signature is missing or made with another secret")
    static let stale = Refusal(
        status: .unauthorized, code: "stale", hint: "It was signed more than five minutes ago, or a clock is wrong")
    static let malformed = Refusal(
        status: .badRequest, code: "malformed", hint: "The body is no JSON of a push: set the content type to JSON")
    static let contentTooLarge = Refusal(status: .contentTooLarge, code: "too-large", endsConnection: true)
    static let requestTimeout = Refusal(status: .requestTimeout, code: "too-slow", endsConnection: true)

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(
            status: .methodNotAllowed, code: "method-not-allowed", headers: [.allow: allowed], endsConnection: true)
    }

    /// - Parameter wait: at least one second is told, the header's unit.
    static func tooManyRequests(_ wait: Duration) -> Refusal {
        let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
        return Refusal(
            status: .tooManyRequests, code: "too-many-requests", headers: [.retryAfter: "\(seconds)"],
            endsConnection: true)
    }

    var response: Response {
        var words = ["error": code]
        words["hint"] = hint
        var response = Response.json(words, status: status)
        for field in headers { response.headers[field.name] = field.value }
        if endsConnection { response.headers[.connection] = "close" }
        return response
    }
}
