/// Why something with a git repository didn't work: a stable code, what happened, and what to do next.
///
/// A message never holds a credential, and text that a server sent is cleared of control characters.
public struct GitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Whose turn it is now; decides the exit code (docs/design.md, "Commands and exit codes").
    public enum Category: Sendable, Hashable, CaseIterable {
        /// The input is wrong (URL, branch, path, kind of file or repository): a retry won't help. Exit 65.
        case refused
        /// The server wasn't reached in time, broke off, or answered with its own failure: a retry may help. Exit 69.
        case unreachable
        /// Credentials, TLS identity, host key or file permission: the server, or this side, said no. Exit 77.
        case denied
        /// An error in Descry or its cache folder. Exit 1.
        case `internal`
        /// The task that asked was cancelled; there is nothing wrong.
        case cancelled

        /// The process's exit status for an error of this category, after `sysexits.h`.
        public var exitCode: Int32 {
            switch self {
            case .refused: 65
            case .unreachable: 69
            case .denied: 77
            case .internal, .cancelled: 1
            }
        }
    }

    /// Stable and kebab-case, such as `branch-not-found`. Tests and scripts rely on it; messages may change.
    public let code: String
    public let message: String
    public let hint: String?
    public let category: Category
    /// What the server asked for by `Retry-After`.
    public let retryAfter: Duration?

    public init(
        code: String, message: String, hint: String? = nil, category: Category, retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.category = category
        self.retryAfter = retryAfter
    }

    /// One line: `message. hint`.
    public var description: String { hint.map { message + ". " + $0 } ?? message }
}

extension GitError {
    static func refused(_ code: String, _ message: String, hint: String? = nil) -> GitError {
        GitError(code: code, message: message, hint: hint, category: .refused)
    }

    static func unreachable(
        _ code: String, _ message: String, hint: String? = nil, retryAfter: Duration? = nil
    ) -> GitError {
        GitError(code: code, message: message, hint: hint, category: .unreachable, retryAfter: retryAfter)
    }

    static func denied(_ code: String, _ message: String, hint: String? = nil) -> GitError {
        GitError(code: code, message: message, hint: hint, category: .denied)
    }

    static func `internal`(_ code: String, _ message: String, hint: String? = nil) -> GitError {
        GitError(code: code, message: message, hint: hint, category: .internal)
    }

    static let cancelled = GitError(
        code: "cancelled", message: "The git operation was cancelled", category: .cancelled)
}
