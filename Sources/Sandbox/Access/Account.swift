/// Someone who may use the sandbox's API: a bearer token, and the user that the API knows it by.
public struct Account: Sendable, Hashable {
    /// `system:serviceaccount:NAMESPACE:NAME`
    public let user: String
    public let token: String
}

/// What an account may do within its own namespace, as a rule of a Role says it.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/>. `*` stands for all verbs, groups or resources.
public struct AccessRule: Sendable, Hashable {
    public var verbs: [String]
    /// The API group; empty for the core group.
    public var group: String
    /// Plural names, with the subresource where one is meant: `pods`, `pods/proxy`.
    public var resources: [String]
    /// Only objects of these names; empty for all.
    public var names: [String]

    public init(verbs: [String], group: String = "", resources: [String], names: [String] = []) {
        self.verbs = verbs
        self.group = group
        self.resources = resources
        self.names = names
    }

    func allows(_ action: Action) -> Bool {
        func matches(_ allowed: [String], _ asked: String) -> Bool { allowed.contains("*") || allowed.contains(asked) }
        return matches(verbs, action.verb) && matches([group], action.group)
            && matches(resources, action.resourceAndSubresource)
            && (names.isEmpty || names.contains(action.name))
    }
}

/// What a request wants to do, as authorization sees it.
struct Action: Sendable, Hashable {
    var verb: String
    var group: String
    var resource: String
    var subresource = ""
    /// Empty for the whole cluster.
    var namespace: String
    /// Empty where the request names no object.
    var name: String

    var resourceAndSubresource: String { subresource.isEmpty ? resource : "\(resource)/\(subresource)" }
}
