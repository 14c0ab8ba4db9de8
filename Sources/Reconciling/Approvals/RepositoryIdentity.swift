import Git

/// A repository by the name that everybody has for it, whichever way they reach it: `git.example.com/shop/deployments` for
/// `https://git.example.com/shop/deployments.git` and for `git@git.example.com:shop/deployments`.
///
/// The login, the port and the scheme are left out, since whoever approves over SSH means the same repository as a loop that
/// reads it over HTTPS. On this machine it is the path.
public struct RepositoryIdentity: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ remote: RemoteURL) {
        var path = remote.path[...]
        while path.hasSuffix("/") { path = path.dropLast() }
        if path.hasSuffix(".git") { path = path.dropLast(4) }
        if remote.scheme == .local {
            description = "file:" + path
        } else {
            description = remote.host.lowercased() + "/" + path.drop { $0 == "/" }
        }
    }
}
