/// What goes with a request to say who is asking.
struct Credential: Sendable, Hashable {
    /// The value of the `Authorization` header.
    var authorization: Secret?
    /// A client certificate from a credential plugin; it takes the place of the configuration's own.
    var identity: ClientIdentity?

    static let none = Credential()

    /// - Throws: `invalid-token` for what cannot stand in a header. The HTTP client would print it in its own error.
    static func bearer(_ token: String, origin: String) throws(KubernetesError) -> Credential {
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw KubernetesError(
                code: "invalid-token", category: .refused,
                message: "\(origin) holds no bearer token: it is empty or has blanks or control characters inside.",
                hint: "Put the token alone into it, on one line.")
        }
        return Credential(authorization: Secret("Bearer " + token))
    }
}
