import FoundationEssentials
import NIOHTTP1

/// One permission, in RBAC's terms.
public struct Permission: Sendable, Hashable, CustomStringConvertible {
    public var verb: String
    /// Empty for the core group.
    public var group: String
    public var resource: String
    public var subresource: String?
    public var name: String?
    public var namespace: String

    public init(
        verb: String, group: String, resource: String, subresource: String? = nil, name: String? = nil,
        namespace: String
    ) {
        self.verb = verb
        self.group = group
        self.resource = resource
        self.subresource = subresource
        self.name = name
        self.namespace = namespace
    }

    /// As `kubectl auth can-i` takes it: `patch statefulsets.apps/backend`.
    public var description: String {
        "\(verb) \(resource)" + (group.isEmpty ? "" : ".\(group)") + (subresource.map { "/\($0)" } ?? "")
            + (name.map { "/\($0)" } ?? "") + " in namespace \(namespace)"
    }
}

extension KubernetesClient {
    /// Asks the server whether the credential in use has this permission (SelfSubjectAccessReview). Everybody who is
    /// authenticated may ask.
    public func isAllowed(_ permission: Permission) async throws -> Bool {
        struct Answer: Decodable {
            struct Status: Decodable { var allowed: Bool? }
            var status: Status?
        }
        let purpose = APIRequest.Purpose(verb: "create", resource: "selfsubjectaccessreviews.authorization.k8s.io")
        let request = APIRequest(
            method: .POST, path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            body: Array(try JSONEncoder().encode(AccessReviewBody(permission))), purpose: purpose)
        let answer = try decode(Answer.self, try await send(request), purpose)
        return answer.status?.allowed ?? false
    }
}

private struct AccessReviewBody: Encodable {
    struct Attributes: Encodable {
        var namespace: String
        var verb: String
        var group: String
        var resource: String
        var subresource: String?
        var name: String?
    }

    struct Spec: Encodable { var resourceAttributes: Attributes }

    let apiVersion = "authorization.k8s.io/v1"
    let kind = "SelfSubjectAccessReview"
    var spec: Spec

    init(_ permission: Permission) {
        spec = Spec(
            resourceAttributes: Attributes(
                namespace: permission.namespace, verb: permission.verb, group: permission.group,
                resource: permission.resource, subresource: permission.subresource, name: permission.name))
    }
}
