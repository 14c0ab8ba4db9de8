import Git

/// What two addresses of one repository have in common, whatever the protocol: `https://git.example.com/shop/deployments.git`
/// and `git@git.example.com:shop/deployments` are the same.
struct RepositoryAddress: Sendable, Hashable {
    /// Empty where it is a path on this machine.
    let host: String
    /// Without slashes around it and without `.git`.
    let path: String

    /// - Parameter ignoresCase: forges take the names of owners and repositories in any case; file systems do not.
    init(_ remote: RemoteURL, ignoresCase: Bool) {
        // The ports of SSH and HTTP differ, so they cannot tell repositories apart.
        host = Self.aliases[remote.host.lowercased()] ?? remote.host.lowercased()
        var path = remote.path
        if remote.scheme == .http || remote.scheme == .https { path = Self.decoded(path) }
        var parts = path.split(separator: "/").map(String.init)
        if let last = parts.last, last.hasSuffix(".git"), last != ".git" {
            parts[parts.count - 1] = String(last.dropLast(4))
        }
        self.path = ignoresCase ? parts.joined(separator: "/").lowercased() : parts.joined(separator: "/")
    }

    /// The same repository on Bitbucket Data Center, which has `/scm/` in HTTP paths, and its name in payloads without a host.
    func isProject(_ key: String, _ slug: String) -> Bool {
        path.split(separator: "/").suffix(2).elementsEqual([key.lowercased()[...], slug.lowercased()[...]])
    }

    /// Hosts that forges offer for SSH over the port of HTTPS.
    private static let aliases = [
        "ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org",
    ]

    private static func decoded(_ path: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
