import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers in JSON, and the `Status` objects of refusals.
enum Answer {
    static func json(_ object: JSONValue, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-cache, private"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try object.json())))
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func refusal(_ error: StatusError) throws -> Response {
        var response = try json(error.object, status: HTTPResponse.Status(code: error.code))
        if let seconds = error.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }
}

extension StatusError {
    static let unauthorized = StatusError(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let unknownPath = StatusError(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    static let methodNotAllowed = StatusError(
        code: 405, reason: "MethodNotAllowed",
        message: "the server does not allow this method on the requested resource")

    static let notAcceptable = StatusError(
        code: 406, reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json")

    static let tooLarge = StatusError(
        code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728")

    static func unsupportedMediaType(_ accepted: [String]) -> StatusError {
        StatusError(
            code: 415, reason: "UnsupportedMediaType",
            message:
                "the body of the request was in an unknown format - accepted media types include: \(accepted.joined(separator: ", "))"
        )
    }

    /// Source of the wording: `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
    static func forbidden(_ account: Account, _ action: Action) -> StatusError {
        let qualified = action.group.isEmpty ? action.resource : "\(action.resource).\(action.group)"
        let what = action.name.isEmpty ? qualified : "\(qualified) \"\(action.name)\""
        let place = action.namespace.isEmpty ? "at the cluster scope" : "in the namespace \"\(action.namespace)\""
        return StatusError(
            code: 403, reason: "Forbidden",
            message:
                "\(what) is forbidden: User \"\(account.user)\" cannot \(action.verb) resource \"\(action.resourceAndSubresource)\" in API group \"\(action.group)\" \(place)",
            resource: APIResource(group: action.group, version: "", plural: action.resource, kind: ""),
            name: action.name.isEmpty ? nil : action.name)
    }

    static func forbidden(_ account: Account, _ request: APIRequest) -> StatusError {
        StatusError(
            code: 403, reason: "Forbidden",
            message:
                "forbidden: User \"\(account.user)\" cannot \(request.method.lowercased()) path \"\(request.path)\"")
    }

    /// Options of a request that cannot be: `kind` is `PatchOptions`, `CreateOptions` …
    static func invalidOptions(_ kind: String, field: String, reason: String, _ message: String) -> StatusError {
        StatusError(
            code: 422, reason: "Invalid", message: "\(kind).meta.k8s.io \"\" is invalid: \(field): \(message)",
            resource: APIResource(group: "meta.k8s.io", version: "v1", plural: kind, kind: kind),
            causes: [Cause(reason: reason, message: message, field: field)])
    }

    static func unrecognized(_ resource: APIResource) -> StatusError {
        .badRequest(
            "the object provided is unrecognized (must be of type \(resource.kind)): it is no JSON object, the only form that the sandbox reads"
        )
    }
}
