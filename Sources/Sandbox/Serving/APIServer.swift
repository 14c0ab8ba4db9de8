import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers the API's requests: who asks, what is asked for, whether it is allowed, and only then what there is.
struct APIServer: Sendable {
    let store: ObjectStore
    let writer: Writer
    let accounts: Accounts
    let faults: Faults
    let bookmarkInterval: Duration

    func respond(to request: Request, channel: any Channel) async throws -> Response {
        do {
            let asked = try APIRequest(method: request.method.rawValue, target: request.head.path ?? "/")
            guard let fault = faults.next(for: asked) else { return try await answer(asked, request) }
            switch fault {
            case .rival(let manager, let patch):
                return try await answer(asked, request, rival: Rival(fieldManager: manager, patch: patch))
            default:
                return try await FaultyAnswer(fault: fault, request: request, channel: channel)
                    .response { try await answer(asked, request) }
            }
        } catch let error as StatusError {
            return try Answer.refusal(error)
        }
    }

    private func answer(_ asked: APIRequest, _ request: Request, rival: Rival? = nil) async throws -> Response {
        do {
            if ["/healthz", "/livez", "/readyz"].contains(asked.path), asked.method == "GET" {
                return Answer.text("ok")
            }
            guard asked.path != "/version" else { return try discovery(asked, request) }
            let known = accounts.account(authorization: request.headers[.authorization])
            guard let account = known, !faults.isDead(account) else { throw StatusError.unauthorized }
            guard let action = asked.action else {
                guard Self.isPublic(asked.path) || accounts.isAdministrator(account) else {
                    throw StatusError.forbidden(account, asked)
                }
                return try discovery(asked, request)
            }
            let isReview = action.resource == APIResource.accessReviews.plural && action.verb == "create"
            guard isReview || accounts.allows(account, action) else { throw StatusError.forbidden(account, action) }
            let resource = try Self.resource(asked, action)
            if resource == .pods, action.subresource == "proxy" {
                return try PodProxy(store: store).response(asked, action)
            }
            switch action.verb {
            case "get", "list", "watch": return try read(asked, action, resource, request)
            default:
                let writing = Writing(
                    server: self, asked: asked, action: action, resource: resource, account: account, rival: rival)
                return try await writing.response(to: request)
            }
        } catch let error as StatusError {
            return try Answer.refusal(error)
        }
    }

    /// What everyone with a valid token may read.
    private static func isPublic(_ path: String) -> Bool {
        ["/api", "/apis", "/openapi", "/version"].contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    private func discovery(_ asked: APIRequest, _ request: Request) throws -> Response {
        let host = request.head.authority ?? ""
        guard let document = Discovery.document(asked.path, server: host) else { throw StatusError.unknownPath }
        guard asked.method == "GET" else { throw StatusError.methodNotAllowed }
        _ = try Representation(accept: request.headers[.accept], includeObject: nil, canBeTable: false)
        return try Answer.json(document)
    }

    /// The resource of a path, where it and its subresource are served.
    private static func resource(_ asked: APIRequest, _ action: Action) throws(StatusError) -> APIResource {
        let found = APIResource.all.first {
            $0.group == action.group && $0.version == asked.version && $0.plural == action.resource
        }
        guard let resource = found, resource.isNamespaced || action.namespace.isEmpty || resource == .namespaces else {
            throw .unknownPath
        }
        if resource == .pods, action.subresource == "proxy" { return resource }
        let subresource = action.subresource.split(separator: "/").first.map(String.init) ?? ""
        let isLog = resource == .pods && action.subresource == "log"
        if isLog, action.verb != "get" { throw .methodNotAllowed }
        if !subresource.isEmpty, !isLog, !(subresource == "status" && resource.hasStatus) {
            guard unserved.contains(subresource) else { throw .unknownPath }
            throw .notImplemented("\(resource.plural)/\(subresource)")
        }
        let isNamed = !action.name.isEmpty
        guard resource.verbs.contains(action.verb), !(action.verb == "create" && isNamed),
            isNamed || !["update", "patch"].contains(action.verb)
        else { throw .methodNotAllowed }
        return resource
    }

    /// Subresources that a real API server has, and the sandbox cannot do honestly.
    private static let unserved = [
        "attach", "binding", "ephemeralcontainers", "eviction", "exec", "finalize", "portforward", "proxy",
        "resize",
        "scale",
    ]

    private func read(
        _ asked: APIRequest, _ action: Action, _ resource: APIResource, _ request: Request
    ) throws -> Response {
        let representation = try Representation(
            accept: request.headers[.accept], includeObject: asked.query["includeObject"], canBeTable: true)
        let namespace = resource == .namespaces ? "" : action.namespace
        let listing = Listing(store: store)
        if action.verb == "get" {
            let key = ObjectKey(resource: resource, namespace: namespace, name: action.name)
            try listing.check(asked, newest: store.resourceVersion)
            guard let object = store[key] else { throw StatusError.notFound(key) }
            if action.subresource == "log" { return Answer.text(try PodLog(pod: object, asked: asked).text()) }
            return try Answer.json(Self.shown(object, representation, resource))
        }
        let selection = try Selection(asked, resource, namespace: namespace)
        if action.verb == "watch" {
            return try Watching(
                asked, selection, representation, store: store, faults: faults, bookmarkInterval: bookmarkInterval
            ).response(to: request)
        }
        var list = try listing.list(asked, selection)
        if case .table(let includeObject) = representation {
            list = Table.table(
                resource, list["items"]?.array ?? [], metadata: list["metadata"] ?? .null,
                includeObject: includeObject)
        } else {
            // A list says once what its items are.
            let items = (list["items"]?.array ?? []).map { item in
                var item = item
                item["kind"] = nil
                item["apiVersion"] = nil
                return item
            }
            list["items"] = .array(items)
        }
        return try Answer.json(list)
    }

    static func shown(_ object: JSONValue, _ representation: Representation, _ resource: APIResource) -> JSONValue {
        // A Status, as a deletion is answered by, has no row.
        guard case .table(let includeObject) = representation, object["kind"]?.string == resource.kind else {
            return object
        }
        return Table.table(
            resource, [object], metadata: ["resourceVersion": object["metadata", "resourceVersion"] ?? ""],
            includeObject: includeObject)
    }
}

/// Somebody else who writes at the same moment.
struct Rival: Sendable {
    var fieldManager: String
    var patch: JSONValue
}
