/// Where the proof of who is asking comes from.
public enum CredentialSource: Sendable, Hashable {
    /// None. A client certificate may still say who is asking.
    case anonymous
    case token(Secret)
    /// Read when first needed, again after a minute (bound tokens rotate), and at once when the server answers 401.
    case tokenFile(String)
    case basic(user: String, password: Secret)
    /// A client-go credential plugin, `client.authentication.k8s.io/v1` or `v1beta1`.
    case exec(ExecPlugin)

    /// True where a request carries something that must not cross the network in clear text.
    var isSecret: Bool { self != .anonymous }
}
