import FoundationEssentials

/// What a JSON Web Token says about itself. Nothing is verified, so nothing may be granted because of it: it serves to
/// warn of a token that is about to end.
public struct TokenClaims: Sendable, Hashable {
    /// `exp`: nil for a token that never ends, such as that of a token Secret.
    public var expires: Date?
    /// `sub`, such as `system:serviceaccount:shop:descry`.
    public var subject: String?

    private struct Payload: Decodable {
        var exp: Double?
        var sub: String?
    }

    /// Nil where the token is not a JWT: other tokens say nothing about themselves.
    ///
    /// Source of the format: RFC 7519, RFC 7515 (base64url without padding).
    public init?(unverified token: Secret) {
        let parts = token.value.trimmingSpace().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var text = String(parts[1]).replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        guard let data = Data(base64Encoded: text) else { return nil }
        do {
            let payload = try JSONDecoder().decode(Payload.self, from: data)
            expires = payload.exp.map { Date(timeIntervalSince1970: $0) }
            subject = payload.sub
        } catch {
            return nil
        }
    }
}
