import FoundationEssentials
import Sandbox
import TestServers

/// A namespace that belongs to one case.
public struct ConformanceNamespace: Sendable {
    public let server: ConformanceServer
    public let name: String
    private let folder: TemporaryFolder

    public init(server: ConformanceServer, name: String) throws {
        self.server = server
        self.name = name
        folder = try TemporaryFolder()
    }

    /// The administrator.
    var api: APIClient { server.administrator }

    /// The path of a resource in this namespace, or of an object.
    func path(_ resource: Resource, _ object: String? = nil, _ subresource: String? = nil) -> String {
        let parts = ["\(resource.root)/namespaces/\(name)/\(resource.plural)", object, subresource]
        return parts.compactMap { $0 }.joined(separator: "/")
    }

    /// A client with the token of a new account that may do in this namespace what the rules say.
    func account(_ account: String = "tester", rules: [PolicyRule]) async throws -> APIClient {
        APIClient(
            http: server.anonymous.http, server: server.anonymous.server,
            token: try await server.token(name, account, rules))
    }

    /// `system:serviceaccount:NAMESPACE:ACCOUNT`
    func user(_ account: String = "tester") -> String { "system:serviceaccount:\(name):\(account)" }

    /// Runs `kubectl` as the administrator in this namespace, and returns its standard output. Throws where it fails.
    @discardableResult
    func kubectl(_ arguments: String..., input: String = "") async throws -> String {
        let access = ["--kubeconfig=\(server.kubeconfig)", "--cache-dir=\(folder.path)", "--namespace=\(name)"]
        return try await Program.run("kubectl", access + arguments, input: Array(input.utf8))
    }
}

/// Requests of the administrator that are to succeed, and those that are looked at.
extension ConformanceNamespace {
    @discardableResult
    func create(_ resource: Resource, _ object: JSONValue) async throws -> JSONValue {
        try await api.send(.post, path(resource), body: object).accepted()
    }

    func get(_ resource: Resource, _ name: String) async throws -> JSONValue {
        try await api.get(path(resource, name)).accepted()
    }

    func list(_ resource: Resource, _ query: [String: String] = [:]) async throws -> JSONValue {
        try await api.get(path(resource), query).accepted()
    }

    func names(_ resource: Resource, _ query: [String: String] = [:]) async throws -> [String] {
        try await list(resource, query).items.map(\.name)
    }

    /// The types of patch, by their media type.
    enum PatchType: String {
        case merge = "application/merge-patch+json"
        case strategic = "application/strategic-merge-patch+json"
        case json = "application/json-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    func patch(
        _ resource: Resource, _ name: String, _ type: PatchType = .merge, _ body: JSONValue,
        _ query: [String: String] = [:], subresource: String? = nil
    ) async throws -> APIClient.Answer {
        try await api.send(.patch, path(resource, name, subresource), query, body: body, type: type.rawValue)
    }

    /// Server-side apply.
    func apply(
        _ resource: Resource, _ name: String, by manager: String, force: Bool? = nil, dryRun: Bool = false,
        _ body: JSONValue
    ) async throws -> APIClient.Answer {
        var body = body
        body["apiVersion"] = .string(resource.apiVersion)
        body["kind"] = .string(resource.kind)
        if body["metadata", "name"] == nil { body["metadata", "name"] = .string(name) }
        var query = ["fieldManager": manager]
        if dryRun { query["dryRun"] = "All" }
        query["force"] = force.map(String.init)
        return try await patch(resource, name, .apply, body, query)
    }

    @discardableResult
    func delete(_ resource: Resource, _ name: String, options: JSONValue? = nil) async throws -> APIClient.Answer {
        try await api.send(.delete, path(resource, name), body: options)
    }

    /// The states of one object that the API tells of, the first being the one at the moment or after
    /// `resourceVersion`, up to the first that is as asked.
    func states(
        of resource: Resource, _ name: String, from resourceVersion: String? = nil,
        until isLast: (JSONValue) -> Bool
    ) async throws -> [JSONValue] {
        var query = ["fieldSelector": "metadata.name=\(name)"]
        query["resourceVersion"] = resourceVersion
        return try await api.watch(path(resource), query) { events in
            var states: [JSONValue] = []
            while let event = try await events.next() {
                if event.type == "ERROR" { throw APIClient.Refused(status: 200, text: "\(event.object)") }
                states.append(event.object)
                if event.type != "DELETED" && isLast(event.object) { return states }
            }
            throw APIClient.Refused(status: 200, text: "the watch ended with \(states.last ?? .null)")
        }
    }

    /// The first state of an object that is as asked; it may be so already.
    @discardableResult
    func state(
        of resource: Resource, _ name: String, when condition: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        try await states(of: resource, name, until: condition).last ?? .null
    }
}

extension JSONValue {
    var name: String { self["metadata", "name"]?.string ?? "" }
    var uid: String { self["metadata", "uid"]?.string ?? "" }
    var resourceVersion: String { self["metadata", "resourceVersion"]?.string ?? "" }
    var generation: Int? { self["metadata", "generation"]?.integer }
    /// Of a list.
    var items: [JSONValue] { self["items"]?.array ?? [] }

    /// An element of an array.
    subscript(index: Int) -> JSONValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The element of an array whose `name`, or another field, is this.
    func first(_ value: String, by key: String = "name") -> JSONValue? {
        array?.first { $0[key]?.string == value }
    }

    /// Of a workload: the image of a container.
    func image(_ container: String = "app") -> String? {
        self["spec", "template", "spec", "containers"]?.first(container)?["image"]?.string
    }
}
