/// What a report says about a commit. Text comes from the repository, cleared of control characters.
public struct CommitInfo: Sendable, Hashable {
    public let id: CommitID
    /// Who wrote the change.
    public let author: String
    public let email: String
    /// When it was committed (not authored), in seconds since 1970-01-01 00:00 UTC.
    public let time: Int64
    /// The first paragraph of the message on one line.
    public let subject: String

    public init(id: CommitID, author: String, email: String, time: Int64, subject: String) {
        self.id = id
        self.author = author
        self.email = email
        self.time = time
        self.subject = subject
    }
}
