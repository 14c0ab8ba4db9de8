/// Reads the forms of git-clone(1), "Git URLs", by git's own rules (`connect.c`, `url_is_local_not_ssh`).
enum RemoteURLParser {
    static func parse(_ text: String) throws(GitError) -> RemoteURL {
        guard !text.isEmpty, text.utf8.count <= 2048, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw invalid("it is empty, longer than 2,048 bytes or contains a control character")
        }
        if let separator = text.firstRange(of: "://") {
            return try url(scheme: text[..<separator.lowerBound].lowercased(), rest: text[separator.upperBound...])
        }
        if isSCPLike(text), let colon = scpColon(text) {
            return try scp(text[..<colon], path: text[text.index(after: colon)...])
        }
        return try local(text)
    }

    private static func url(scheme name: String, rest: Substring) throws(GitError) -> RemoteURL {
        let scheme: RemoteURL.Scheme
        switch name {
        case "https", "http", "git", "ssh": scheme = RemoteURL.Scheme(rawValue: name) ?? .https
        case "git+ssh", "ssh+git": scheme = .ssh
        case "file":
            guard let slash = rest.firstIndex(of: "/"), rest[..<slash].isEmpty || rest[..<slash] == "localhost" else {
                throw invalid("file:// needs an absolute path of this machine")
            }
            return try local(try decoded(rest[slash...]))
        default: throw invalid("https, http, ssh, git and file are known schemes")
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var authority = rest[..<slash]
        var user: String?
        var password: String?
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try decoded(parts[0])
            password = parts.count > 1 ? try decoded(parts[1]) : nil
            authority = authority[authority.index(after: at)...]
        }
        if scheme == .ssh, password != nil { throw invalid("ssh takes no password from a URL, only keys") }
        let (host, port) = try hostAndPort(authority)
        var path = String(rest[slash...])
        if scheme == .https || scheme == .http {
            guard !path.contains("?"), !path.contains("#") else { throw invalid("a repository has no query") }
            while path.hasSuffix("/") { path.removeLast() }
        } else {
            path = try decoded(path[...])
            if path.hasPrefix("/~") { path.removeFirst() }
        }
        guard !path.isEmpty, path != "/" else { throw invalid("the path of the repository is missing") }
        return try checked(
            RemoteURL(
                scheme: scheme, user: user.flatMap { $0.isEmpty ? nil : $0 }, password: password, host: host,
                port: port, path: path))
    }

    /// `[user@]host:path`, where host may be `[::1]`.
    private static func scp(_ authority: Substring, path: Substring) throws(GitError) -> RemoteURL {
        var host = authority
        var user: String?
        if let at = authority.lastIndex(of: "@") {
            user = String(authority[..<at])
            host = authority[authority.index(after: at)...]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !path.isEmpty else { throw invalid("host:path needs both") }
        if user?.contains(":") == true { throw invalid("ssh takes no password from a URL, only keys") }
        return try checked(
            RemoteURL(
                scheme: .ssh, user: user.flatMap { $0.isEmpty ? nil : $0 }, password: nil, host: String(host),
                port: nil, path: String(path)))
    }

    private static func local(_ path: String) throws(GitError) -> RemoteURL {
        try checked(RemoteURL(scheme: .local, user: nil, password: nil, host: "", port: nil, path: path))
    }

    /// A path with a colon before its first slash is a host, as git reads it; `./a:b` isn't.
    private static func isSCPLike(_ text: String) -> Bool {
        guard let colon = scpColon(text) else { return false }
        return text.firstIndex(of: "/").map { colon < $0 } ?? true
    }

    private static func scpColon(_ text: String) -> String.Index? {
        let start = text.firstIndex(of: "@").map { text.index(after: $0) } ?? text.startIndex
        if text[start...].hasPrefix("["), let bracket = text[start...].firstIndex(of: "]") {
            let next = text.index(after: bracket)
            return next < text.endIndex && text[next] == ":" ? next : nil
        }
        return text[start...].firstIndex(of: ":")
    }

    private static func hostAndPort(_ authority: Substring) throws(GitError) -> (String, Int?) {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { throw invalid("“[” without “]”") }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            let rest = authority[authority.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw invalid("“]” must be followed by a port") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty else { throw invalid("the host is missing") }
        guard let digits = port, !digits.isEmpty else { return (host.lowercased(), nil) }
        guard let number = Int(digits), (1...65535).contains(number) else { throw invalid("the port is no port") }
        return (host.lowercased(), number)
    }

    /// Refuses what `ssh` or `git` would read as an option, and what can't be part of a host name or login.
    private static func checked(_ url: RemoteURL) throws(GitError) -> RemoteURL {
        for (part, text) in [("host", url.host), ("user", url.user ?? ""), ("path", url.path)] where text.hasPrefix("-")
        {
            throw .refused(
                "url-option",
                "The \(part) of the repository's URL begins with “-”, which ssh or git would take for an option")
        }
        let forbidden = " \t'\"\\<>|;&$`(){}*?!,/@"
        guard !url.host.contains(where: { forbidden.contains($0) }) else { throw invalid("the host is no host name") }
        if url.scheme == .ssh, let user = url.user, user.contains(where: { forbidden.contains($0) }) {
            throw invalid("the user isn't a login")
        }
        return url
    }

    private static func decoded(_ text: Substring) throws(GitError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                value >= 0x20, value != 0x7f
            else { throw invalid("a percent sign isn't followed by two hexadecimal digits of a printable character") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The URL itself isn't repeated: it may hold a password.
    private static func invalid(_ reason: String) -> GitError {
        .refused("url", "The repository's URL can't be read: \(reason)")
    }
}
