import FoundationEssentials

/// `proxy-url` of a kubeconfig cluster: `http://HOST:PORT` or `socks5://HOST:PORT`.
public struct ProxyAddress: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable, Hashable {
        case http
        case socks5
    }

    public let scheme: Scheme
    /// Without the brackets of an IPv6 literal.
    public let host: String
    public let port: Int
    /// `USER:PASSWORD` of the URL, for an HTTP proxy.
    let login: (user: String, password: Secret)?

    /// - Throws: `invalid-proxy`. A proxy spoken to over TLS (`https://`) is refused: the HTTP client cannot do it, and
    ///   silently speaking plain HTTP to it would send the proxy's password in clear text.
    public init(_ text: String) throws(KubernetesError) {
        guard let url = URLComponents(string: text), let name = url.scheme?.lowercased(), let host = url.host,
            !host.isEmpty
        else { throw Self.invalid("it is not a URL such as http://HOST:3128") }
        guard let scheme = name == "socks5h" ? .socks5 : Scheme(rawValue: name) else {
            throw Self.invalid("the scheme \(name) is not supported")
        }
        guard scheme == .http || url.user == nil else {
            throw Self.invalid("a SOCKS proxy with a user name and password is not supported")
        }
        let port = url.port ?? (scheme == .http ? 80 : 1080)
        guard (1...65535).contains(port) else { throw Self.invalid("its port is not between 1 and 65535") }
        self.scheme = scheme
        self.host = ServerAddress.unbracketed(host)
        self.port = port
        login = url.user.map { ($0, Secret(url.password ?? "")) }
    }

    private static func invalid(_ why: String) -> KubernetesError {
        KubernetesError(
            code: "invalid-proxy", category: .refused, message: "The cluster's proxy-url is refused: \(why).",
            hint: "Use http://HOST:PORT or socks5://HOST:PORT.")
    }

    public var description: String { "\(scheme.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    public static func == (left: ProxyAddress, right: ProxyAddress) -> Bool {
        left.scheme == right.scheme && left.host == right.host && left.port == right.port
            && left.login?.user == right.login?.user && left.login?.password == right.login?.password
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(scheme)
        hasher.combine(host)
        hasher.combine(port)
    }
}
