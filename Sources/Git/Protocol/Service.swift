/// The program at the other end of a conversation.
enum Service: String, Sendable, Hashable {
    case uploadPack = "git-upload-pack"
    case receivePack = "git-receive-pack"

    /// As `git` itself is told: `git upload-pack`.
    var subcommand: String { String(rawValue.dropFirst(4)) }

    /// What is asked for in `GIT_PROTOCOL` and the HTTP header of that name. Version 2 has no `receive-pack`, and asking for it all
    /// the same confuses some servers.
    var version: String? { self == .uploadPack ? "version=2" : nil }

    /// What the account must be allowed to do, for messages.
    var right: String { self == .uploadPack ? "read" : "push to" }
}
