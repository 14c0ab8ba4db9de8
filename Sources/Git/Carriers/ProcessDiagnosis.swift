/// Why `ssh` or `git upload-pack` ended before the protocol did, from its exit code and its own words.
enum ProcessDiagnosis {
    /// Words of OpenSSH (`sshconnect.c`, `ssh.c`, `packet.c`) and git (`upload-pack.c`, `setup.c`), in the order to look
    /// for them: a changed host key also prints "Host key verification failed".
    private static let known:
        [(words: String, code: String, category: GitError.Category, what: String, hint: String?)] = [
            (
                "REMOTE HOST IDENTIFICATION HAS CHANGED", "host-key-changed", .denied,
                "shows another host key than before",
                "Somebody may be listening in. If the server was set up anew, put its new key into known_hosts"
            ),
            (
                "Host key verification failed", "host-key-unknown", .denied, "shows a host key that isn't known",
                "Compare the key with what the server's owner says, then add it: ssh-keyscan HOST >> ~/.ssh/known_hosts"
            ),
            (
                "No matching host key", "host-key-unknown", .denied, "offers no host key type that this ssh takes", nil
            ),
            (
                "Permission denied (", "ssh-denied", .denied, "takes none of the keys",
                "Check which key ssh offers (agent, ~/.ssh/config) and that the account may read the repository"
            ),
            ("Too many authentication failures", "ssh-denied", .denied, "takes none of the keys", nil),
            ("UNPROTECTED PRIVATE KEY FILE", "ssh-denied", .denied, "can't be shown a key that others may read", nil),
            ("Could not resolve hostname", "host-not-found", .unreachable, "has no address", "Check the URL and DNS"),
            ("Connection refused", "connection-failed", .unreachable, "refuses the connection", nil),
            ("Connection timed out", "connect-timeout", .unreachable, "didn't accept a connection in time", nil),
            ("Operation timed out", "connect-timeout", .unreachable, "didn't accept a connection in time", nil),
            ("timed out", "connect-timeout", .unreachable, "didn't answer in time", nil),
            ("No route to host", "connection-failed", .unreachable, "has no route to it", nil),
            ("Network is unreachable", "connection-failed", .unreachable, "has no route to it", nil),
            (
                "dubious ownership", "dubious-ownership", .denied, "belongs to another user",
                "See git-config(1), safe.directory"
            ),
            (
                "does not appear to be a git repository", "repository-not-found", .refused, "isn't a git repository",
                "Check the path of the URL"
            ),
            ("no such repository", "repository-not-found", .refused, "isn't a git repository", nil),
            ("repository not found", "repository-not-found", .refused, "isn't a git repository", nil),
            ("not found", "repository-not-found", .refused, "wasn't found", nil),
            ("access denied", "access-denied", .denied, "denies access", nil),
            ("permission denied", "access-denied", .denied, "denies access", nil),
            ("write access to repository not granted", "access-denied", .denied, "doesn't permit to push", nil),
            ("marked as read only", "access-denied", .denied, "doesn't permit to push", nil),
            ("not allowed to push", "access-denied", .denied, "doesn't permit to push", nil),
            ("Connection closed", "connection-lost", .unreachable, "closed the connection", nil),
            ("Connection reset", "connection-lost", .unreachable, "closed the connection", nil),
        ]

    /// - Returns: what the process said; `fallback` where it said nothing that explains more.
    static func error(_ standardError: String, exitCode: Int32, remote: RemoteURL, fallback: GitError) -> GitError {
        let lowercased = standardError.lowercased()
        for (words, code, category, what, hint) in known where lowercased.contains(words.lowercased()) {
            return GitError(
                code: code, message: "\(remote) \(what): \(printable(standardError, limit: 300))", hint: hint,
                category: category)
        }
        guard exitCode != 0, !standardError.isEmpty else { return fallback }
        return GitError(
            code: fallback.code, message: "\(fallback.message): \(printable(standardError, limit: 300))",
            hint: fallback.hint, category: fallback.category)
    }
}
