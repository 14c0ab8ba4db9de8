import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// A request that changes something: reads and checks what the writer is to be given.
struct Writing: Sendable {
    let server: APIServer
    let asked: APIRequest
    let action: Action
    let resource: APIResource
    let account: Account
    let rival: Rival?

    private static let bodyLimit = 3 * 1024 * 1024

    func response(to request: Request) async throws -> Response {
        let representation = try Representation(
            accept: request.headers[.accept], includeObject: asked.query["includeObject"], canBeTable: true)
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            throw StatusError.tooLarge
        }
        let bytes = Data(body.readableBytesView)
        let type = String((request.headers[.contentType] ?? "").prefix { $0 != ";" })
        let answer: (object: JSONValue, code: Int)
        switch action.verb {
        case "create" where resource == .accessReviews:
            answer = (review(try parse(bytes, type)), 201)
        case "delete":
            answer = (try carryOut { () throws(StatusError) in try delete(bytes) }, 200)
        default:
            let write = try writeRequest(bytes, type, userAgent: request.headers[.userAgent])
            if let rival { try perform(rival, before: write) }
            let result = try carryOut { () throws(StatusError) in try server.writer.perform(write) }
            answer = (result.object, result.isNew ? 201 : 200)
        }
        return try Answer.json(
            APIServer.shown(answer.object, representation, resource), status: HTTPResponse.Status(code: answer.code))
    }

    private func carryOut<Result: Sendable>(
        _ write: () throws(StatusError) -> Result
    ) throws(StatusError) -> Result {
        // What a body says of `dryRun` only matters for a deletion, of which Descry asks none.
        if asked.query["dryRun"] != nil { return try write() }
        return try server.faults.perform(account, action, write)
    }

    private func writeRequest(_ bytes: Data, _ type: String, userAgent: String?) throws(StatusError) -> WriteRequest {
        let key = ObjectKey(
            resource: resource, namespace: resource == .namespaces ? "" : action.namespace, name: action.name)
        let operation: WriteRequest.Operation
        let body: JSONValue
        switch action.verb {
        case "create":
            operation = .create
            body = try parse(bytes, type)
        case "update":
            operation = .update
            body = try parse(bytes, type)
        default:
            let patchType = try patchType(type)
            operation = .patch(patchType)
            body = try json(bytes)
            guard patchType == .json || body.object != nil else { throw .badRequest("the patch is no JSON object") }
            if patchType == .apply, server.store[key] == nil {
                var creation = action
                creation.verb = "create"
                guard server.accounts.allows(account, creation) else { throw .forbidden(account, creation) }
            }
        }
        var write = WriteRequest(operation: operation, key: key, body: body)
        write.subresource = action.subresource.isEmpty ? nil : action.subresource
        write.fieldManager =
            asked.query["fieldManager"] ?? userAgent.map { String($0.prefix { $0 != "/" }) } ?? "unknown"
        write.force = asked.flag("force")
        write.dryRun = try isDryRun()
        try checkOptions(operation)
        return write
    }

    private func patchType(_ type: String) throws(StatusError) -> WriteRequest.PatchType {
        switch type {
        case "application/merge-patch+json": return .merge
        case "application/strategic-merge-patch+json": return .strategic
        case "application/apply-patch+yaml": return .apply
        case "application/json-patch+json": return .json
        default: throw StatusError(code: 415, reason: "UnsupportedMediaType", message: "415: Unsupported Media Type")
        }
    }

    private func checkOptions(_ operation: WriteRequest.Operation) throws(StatusError) {
        guard case .patch(let type) = operation else { return }
        if type == .apply, (asked.query["fieldManager"] ?? "").isEmpty {
            throw .invalidOptions(
                "PatchOptions", field: "fieldManager", reason: "FieldValueRequired",
                "Required value: is required for apply patch")
        }
        if type != .apply, asked.query["force"] != nil {
            throw .invalidOptions(
                "PatchOptions", field: "force", reason: "FieldValueForbidden",
                "Forbidden: may not be specified for non-apply patch")
        }
    }

    private func isDryRun() throws(StatusError) -> Bool {
        guard let value = asked.query["dryRun"] else { return false }
        guard value == "All" else {
            let kind = ["create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"][action.verb]
            throw .invalidOptions(
                kind ?? "DeleteOptions", field: "dryRun", reason: "FieldValueNotSupported",
                "Unsupported value: []string{\"\(value)\"}: supported values: \"All\"")
        }
        return true
    }

    // MARK: - Bodies

    private func parse(_ bytes: Data, _ type: String) throws(StatusError) -> JSONValue {
        guard ["", "application/json", "*/*"].contains(type) else {
            throw .unsupportedMediaType(["application/json"])
        }
        let body = try json(bytes)
        guard body.object != nil else { throw .unrecognized(resource) }
        return body
    }

    private func json(_ bytes: Data) throws(StatusError) -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONValue(json: bytes)
        } catch {
            throw .unrecognized(resource)
        }
        return value
    }

    // MARK: - The writes that are no objects of their own

    private func perform(_ rival: Rival, before write: WriteRequest) throws(StatusError) {
        _ = try server.writer.perform(
            WriteRequest(
                operation: .patch(.strategic), key: write.key, body: rival.patch, fieldManager: rival.fieldManager))
    }

    private func delete(_ bytes: Data) throws(StatusError) -> JSONValue {
        var options: JSONValue = bytes.isEmpty ? .object([:]) : try json(bytes)
        if let seconds = try asked.number("gracePeriodSeconds") {
            options["gracePeriodSeconds"] = .integer(Int64(seconds))
        }
        if let policy = asked.query["propagationPolicy"] { options["propagationPolicy"] = .string(policy) }
        let isDryRun = try isDryRun() || options["dryRun"]?.array?.contains("All") == true
        let key = ObjectKey(
            resource: resource, namespace: resource == .namespaces ? "" : action.namespace, name: action.name)
        return try server.writer.delete(key, options: options, dryRun: isDryRun)
    }

    private func review(_ body: JSONValue) -> JSONValue {
        var answer = body
        var isAllowed = server.accounts.isAdministrator(account)
        if let asked = body["spec", "resourceAttributes"] {
            func field(_ name: String) -> String { asked[name]?.string ?? "" }
            isAllowed = server.accounts.allows(
                account,
                Action(
                    verb: field("verb"), group: field("group"), resource: field("resource"),
                    subresource: field("subresource"), namespace: field("namespace"), name: field("name")))
        }
        answer["status"] = ["allowed": .bool(isAllowed)]
        answer["metadata"] = ["creationTimestamp": .null]
        return answer
    }
}
