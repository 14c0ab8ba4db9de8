/// What to show an HTTP server. Kept as the place to read a secret from, and read anew for every request, so that a
/// token which is rotated on disk is picked up and none stays in memory.
public struct GitCredentials: Sendable, Hashable {
    /// For basic authentication (RFC 7617).
    public var username: SecretSource?
    public var password: SecretSource?
    /// For `Authorization: Bearer` (RFC 6750). Not to be combined with ``password``.
    public var token: SecretSource?

    public init(username: SecretSource? = nil, password: SecretSource? = nil, token: SecretSource? = nil) {
        self.username = username
        self.password = password
        self.token = token
    }

    /// No credentials besides those in the URL.
    public static let none = GitCredentials()
}

/// Where a secret is read from when it is needed. A trailing newline isn't part of it.
public enum SecretSource: Sendable, Hashable {
    case file(String)
    /// The name of an environment variable.
    case environment(String)
    /// Given in place, as a user name usually is.
    case text(String)
}
