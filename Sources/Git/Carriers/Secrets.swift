import FoundationEssentials

extension SecretSource {
    /// Reads the secret. A trailing newline is cut, as editors and `echo` leave one.
    ///
    /// - Throws: `credential-unreadable` (denied), naming the place and never what is in it.
    func read(environment: [String: String]) throws(GitError) -> String {
        let value: String
        switch self {
        case .text(let text): value = text
        case .environment(let name):
            guard let text = environment[name] else {
                throw Self.unreadable("The environment variable \(name) isn't set")
            }
            value = text
        case .file(let path):
            let data: Data
            do { data = try Data(contentsOf: URL(filePath: path)) } catch {
                throw Self.unreadable("The credential file \(path) can't be read")
            }
            guard data.count <= 64 << 10, let text = String(bytes: data, encoding: .utf8) else {
                throw Self.unreadable("The credential file \(path) is larger than 64 KiB or no UTF-8 text")
            }
            value = text
        }
        let secret = value.hasSuffix("\r\n") || value.hasSuffix("\n") ? String(value.dropLast()) : value
        guard !secret.isEmpty, !secret.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw Self.unreadable("The credential from \(place) is empty or contains a control character")
        }
        return secret
    }

    var place: String {
        switch self {
        case .text: "the settings"
        case .environment(let name): "the environment variable \(name)"
        case .file(let path): "the file \(path)"
        }
    }

    private static func unreadable(_ what: String) -> GitError {
        .denied(
            "credential-unreadable", what,
            hint: "Credentials are read anew for every request; put it back or name another")
    }
}

/// What one HTTP request shows the server, and the words that must not come back in an error.
struct Authorization {
    /// The header's value; nil where nothing is shown.
    let header: String?
    private let secrets: [String]

    init(_ credentials: GitCredentials, remote: RemoteURL, environment: [String: String]) throws(GitError) {
        if let token = credentials.token {
            guard credentials.password == nil else {
                throw .refused("credentials", "A token and a password are both given; a server takes only one of them")
            }
            let token = try token.read(environment: environment)
            header = "Bearer " + token
            secrets = [token]
            return
        }
        let user = try credentials.username?.read(environment: environment) ?? remote.user
        let password = try credentials.password?.read(environment: environment) ?? remote.password
        guard user != nil || password != nil else {
            header = nil
            secrets = []
            return
        }
        guard user?.contains(":") != true else {
            throw .refused("credentials", "A user name for basic authentication can't contain a colon (RFC 7617)")
        }
        // Servers that take a token as the password ignore the user; an empty one is refused by some.
        let pair = (user ?? "git") + ":" + (password ?? "")
        let encoded = Data(pair.utf8).base64EncodedString()
        header = "Basic " + encoded
        // In a URL the token often stands in the user's place.
        let userIsSecret = credentials.username == nil && credentials.password == nil
        secrets = [password, userIsSecret ? user : nil, encoded].compactMap { $0 }.filter { $0.count >= 4 }
    }

    /// A server's words without any secret that it repeated.
    func redact(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "***") }
    }
}
