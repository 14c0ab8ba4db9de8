/// A refusal as the API words it: HTTP status, reason and message of a `Status` object.
///
/// Source of the wording: `k8s.io/apimachinery/pkg/api/errors`.
struct StatusError: Error, Sendable, Hashable, CustomStringConvertible {
    struct Cause: Sendable, Hashable {
        var reason: String
        var message: String
        var field: String?
    }

    var code: Int
    var reason: String
    var message: String
    /// `details`: group, plural (in the wire's `kind`) and name of the object, where there is one.
    var resource: APIResource?
    var name: String?
    var causes: [Cause] = []
    /// Seconds; `Retry-After`.
    var retryAfter: Int?
    /// `metadata.continue`: a token that goes on with a list whose state is forgotten.
    var continueToken: String?

    var description: String { "\(code) \(reason): \(message)" }

    /// The `Status` object.
    var object: JSONValue {
        var details: JSONValue = .object([:])
        details["name"] = name.map { .string($0) }
        details["group"] = resource.flatMap { $0.group.isEmpty ? nil : .string($0.group) }
        details["kind"] = resource.map { .string($0.plural) }
        details["retryAfterSeconds"] = retryAfter.map { .integer(Int64($0)) }
        if !causes.isEmpty {
            details["causes"] = .array(
                causes.map { cause in
                    var value: JSONValue = ["reason": .string(cause.reason), "message": .string(cause.message)]
                    value["field"] = cause.field.map { .string($0) }
                    return value
                })
        }
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Failure",
            "message": .string(message), "code": .integer(Int64(code)),
        ]
        status["reason"] = reason.isEmpty ? nil : .string(reason)
        status["metadata", "continue"] = continueToken.map { .string($0) }
        if details != .object([:]) { status["details"] = details }
        return status
    }

    static func notFound(_ key: ObjectKey) -> StatusError {
        StatusError(
            code: 404, reason: "NotFound", message: "\(key.resource.qualifiedName) \"\(key.name)\" not found",
            resource: key.resource, name: key.name)
    }

    static func alreadyExists(_ key: ObjectKey) -> StatusError {
        StatusError(
            code: 409, reason: "AlreadyExists",
            message: "\(key.resource.qualifiedName) \"\(key.name)\" already exists", resource: key.resource,
            name: key.name)
    }

    static func conflict(_ key: ObjectKey, _ why: String, causes: [Cause] = []) -> StatusError {
        StatusError(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(key.resource.qualifiedName) \"\(key.name)\": \(why)",
            resource: key.resource, name: key.name, causes: causes)
    }

    /// What somebody else changed in between.
    static func stale(_ key: ObjectKey) -> StatusError {
        conflict(
            key, "the object has been modified; please apply your changes to the latest version and try again")
    }

    static func expired(_ message: String) -> StatusError {
        StatusError(code: 410, reason: "Expired", message: message)
    }

    static func badRequest(_ message: String) -> StatusError {
        StatusError(code: 400, reason: "BadRequest", message: message)
    }

    static func invalid(_ key: ObjectKey, _ causes: [Cause], named: ObjectKey? = nil) -> StatusError {
        var texts: [String] = []  // each once, as an aggregate of errors is printed
        for text in causes.map({ "\($0.field ?? ""): \($0.message)" }) where !texts.contains(text) {
            texts.append(text)
        }
        let text = texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"
        let named = named ?? key.namedByKind
        return StatusError(
            code: 422, reason: "Invalid",
            message: "\(named.resource.qualifiedName) \"\(key.name)\" is invalid: \(text)",
            resource: named.resource, name: key.name.isEmpty ? nil : key.name, causes: causes)
    }

    /// What the sandbox cannot do honestly.
    static func notImplemented(_ what: String) -> StatusError {
        StatusError(code: 501, reason: "NotImplemented", message: "the sandbox does not do this: \(what)")
    }
}

extension ObjectKey {
    /// For the errors that name the kind where the others name the plural: `StatefulSet.apps`.
    var namedByKind: ObjectKey {
        var key = self
        key.resource.plural = resource.kind
        return key
    }
}
