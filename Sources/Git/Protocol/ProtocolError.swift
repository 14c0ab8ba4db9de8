/// Errors that several parsers of the protocol share.
enum ProtocolError {
    /// The server broke a rule of the protocol.
    static func unexpected(_ what: String) -> GitError {
        .unreachable("protocol", "The git server broke the protocol: \(what)")
    }

    /// The bytes ended before the answer did.
    static func truncated(_ during: String) -> GitError {
        .unreachable("connection-lost", "The git server closed the connection in the middle of \(during)")
    }

    /// The server's own words, from an `ERR` packet or side band 3.
    static func server(_ words: String) -> GitError {
        let words = printable(words)
        let lowercased = words.lowercased()
        if lowercased.contains("not our ref") || lowercased.contains("unadvertised object") {
            return .unreachable(
                "commit-gone", "The git server no longer has the commit that was asked for: \(words)",
                hint: "The branch moved meanwhile; try again")
        }
        if lowercased.contains("access denied or repository not exported") || lowercased.contains("not found")
            || lowercased.contains("does not exist") || lowercased.contains("does not appear to be a git repository")
        {
            return .refused(
                "repository-not-found", "The git server has no such repository: \(words)",
                hint: "Check the URL, and whether the credentials may read the repository")
        }
        if lowercased.contains("denied") || lowercased.contains("not authorized") || lowercased.contains("forbidden") {
            return .denied("access-denied", "The git server refused: \(words)")
        }
        return .unreachable("server-error", "The git server reported an error: \(words)")
    }

    /// Throws the server's words where a line is `ERR …`. Source: gitprotocol-pack(5), "error-line".
    static func check(_ line: String) throws(GitError) {
        if line.hasPrefix("ERR ") { throw server(String(line.dropFirst(4))) }
    }

    static let sha256 = GitError.refused(
        "sha256-repository", "The repository names its objects by SHA-256, which isn't supported",
        hint: "Keep the deployment repository in SHA-1, git's default (git init --object-format=sha1)")
}
