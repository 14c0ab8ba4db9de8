/// The address of a repository: `https`, `http`, `ssh`, scp-like (`git@host:path`), `git`, `file` or a local path.
///
/// ``description`` is safe to print: it never shows a password, nor a user name that came with one (tokens are often
/// put in its place).
public struct RemoteURL: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable, Hashable {
        case https, http, ssh, git
        /// `file://` or a path on this machine.
        case local = "file"
    }

    public let scheme: Scheme
    /// The login for `ssh`; for HTTP the user of the URL.
    let user: String?
    let password: String?
    /// Without brackets where it is an IPv6 address; empty for a local path.
    public let host: String
    public let port: Int?
    /// For HTTP, percent-encoded as given; for the others, decoded and as the server's file system has it.
    public let path: String

    /// - Throws: `url` (refused) where it can't be read, `url-option` where host, user or path begin with `-` and `ssh`
    ///   would take them for an option (CVE-2017-1000117).
    public init(_ text: String) throws(GitError) {
        self = try RemoteURLParser.parse(text)
    }

    init(scheme: Scheme, user: String?, password: String?, host: String, port: Int?, path: String) {
        self.scheme = scheme
        self.user = user
        self.password = password
        self.host = host
        self.port = port
        self.path = path
    }

    /// `host` or `host:port` as a URL has it.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// Only this machine sees what is sent there.
    public var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4Loopback = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isIPv4Loopback || host == "localhost" || host == "::1"
    }

    public var description: String {
        switch scheme {
        case .local: path
        case .ssh: "ssh://\(user.map { $0 + "@" } ?? "")\(authority)\(path.hasPrefix("/") ? "" : "/")\(path)"
        case .https, .http, .git: "\(scheme.rawValue)://\(authority)\(path)"
        }
    }
}
