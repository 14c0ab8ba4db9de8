/// One question to a git server, after it ended: for whoever counts them.
public struct RequestObservation: Sendable, Hashable {
    public enum Operation: String, Sendable, Hashable, CaseIterable {
        /// Which branches there are.
        case refs
        /// The objects of a commit.
        case fetch
        /// A commit brought to the server.
        case push
    }

    public let operation: Operation
    /// What went wrong; nil where nothing did.
    public let error: GitError?
    /// From the beginning of the conversation to its end.
    public let duration: Duration
}
