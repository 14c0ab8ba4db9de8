/// What a rejected ref means: somebody else was faster, or the server doesn't want this push.
enum PushRefusal: Sendable, Hashable {
    /// The ref no longer points at the commit that this one was made on, or another push holds it at this moment.
    case raced
    /// A hook, a protected branch, a rule of the server.
    case refused
    /// The words fit both: whether the branch has moved decides.
    case unclear

    /// Words of git (`refs/files-backend.c`, `builtin/receive-pack.c`), JGit and the forges built on them.
    private static let raceWords = [
        "cannot lock ref", "failed to lock", "unable to lock", "lock_failure", "lock failure", "lock error",
        "but expected", "incorrect old value", "stale info", "fetch first", "non-fast-forward", "already exists",
        "reference changed", "reference already exists", "old value",
    ]
    private static let ruleWords = [
        "hook declined", "protected branch", "pre-receive", "not allowed", "prohibited", "permission", "denied", "deny",
        "forbidden", "gh006", "gh013", "currently checked out", "archived", "read-only", "read only",
    ]

    /// - Parameters:
    ///   - reason: what the report says of the ref.
    ///   - messages: what the server said beside it.
    init(reason: String, messages: [String]) {
        let reason = reason.lowercased()
        if Self.ruleWords.contains(where: reason.contains) {
            self = .refused
        } else if Self.raceWords.contains(where: reason.contains) {
            self = .raced
        } else if messages.contains(where: { Self.isLockFailure($0.lowercased()) }) {
            self = .raced
        } else {
            self = .unclear
        }
    }

    /// git's own "error: cannot lock ref 'refs/heads/DEV': …" stands beside the report, which says less.
    /// A disk that is full or not to be written is no rival.
    private static func isLockFailure(_ message: String) -> Bool {
        let isOfDisk = ["permission denied", "read-only", "no space"].contains(where: message.contains)
        return !isOfDisk && (message.contains("cannot lock ref") || message.contains("but expected"))
    }
}

extension GitError {
    /// The branch moved, or is being moved, since the commit was made: fetch it and make the commit anew.
    static func pushRaced(_ branch: some CustomStringConvertible, _ remote: RemoteURL, words: String) -> GitError {
        .unreachable(
            "push-raced", "\(branch) of \(remote) was changed by somebody else at the same moment\(words)",
            hint: "Try again")
    }

    /// In the server's own words.
    static func pushRefused(_ branch: some CustomStringConvertible, _ remote: RemoteURL, words: String) -> GitError {
        .denied(
            "push-refused", "\(remote) refuses a push to \(branch)\(words)",
            hint: "Nothing was changed. A protected branch or a hook of the server decides who may push what")
    }

    /// The push was sent and its answer lost.
    static func pushUnanswered(_ branch: some CustomStringConvertible, _ remote: RemoteURL, because reason: GitError)
        -> GitError
    {
        .unreachable(
            "push-unanswered",
            "The push to \(branch) of \(remote) was sent, and whether it was taken isn't known: \(reason.message)",
            hint: "Run it again: what was taken isn't committed twice")
    }
}
