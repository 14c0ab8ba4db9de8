import FoundationEssentials

/// The address of an API server: `https://HOST[:PORT][/PREFIX]`.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    public let isTLS: Bool
    /// Without the brackets of an IPv6 literal.
    public let host: String
    public let port: Int
    /// The path under which the API is served (Rancher and other proxies); empty or starting with `/`, never ending with one.
    public let prefix: String

    /// - Throws: `invalid-server` for anything but an `http` or `https` URL with a host, and for one that holds
    ///   credentials, a query or a fragment.
    public init(_ text: String) throws(KubernetesError) {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(), let host = url.host,
            !host.isEmpty
        else { throw Self.invalid("it is not a URL such as https://HOST:6443") }
        guard scheme == "https" || scheme == "http" else { throw Self.invalid("its scheme is neither https nor http") }
        guard url.user == nil, url.password == nil else { throw Self.invalid("it holds a user name or password") }
        guard url.query == nil, url.fragment == nil else { throw Self.invalid("it holds a query or a fragment") }
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65535).contains(port) else { throw Self.invalid("its port is not between 1 and 65535") }
        var prefix = url.percentEncodedPath
        while prefix.hasSuffix("/") { prefix.removeLast() }
        self.isTLS = scheme == "https"
        self.host = Self.unbracketed(host)
        self.port = port
        self.prefix = prefix
    }

    /// The text is not repeated in the error, since what is wrong with it may be a password inside.
    private static func invalid(_ why: String) -> KubernetesError {
        KubernetesError(
            code: "invalid-server", category: .refused, message: "The API server's address is refused: \(why).",
            hint: "Give it as https://HOST:PORT.")
    }

    static func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// `127.0.0.0/8`, `::1` and `localhost`: what never leaves this machine.
    public var isLoopback: Bool {
        host == "localhost" || host == "::1" || IPv4.isLoopback(host)
    }

    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    public var description: String { (isTLS ? "https://" : "http://") + authority + prefix }

    private enum IPv4 {
        static func isLoopback(_ host: String) -> Bool {
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        }
    }
}
