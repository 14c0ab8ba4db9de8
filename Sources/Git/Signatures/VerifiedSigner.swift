/// Who has signed, by a list of allowed signers.
public struct VerifiedSigner: Sendable, Hashable {
    /// The name that was asked for, else the first of the key's line that is no pattern, else the line's patterns.
    public let principal: String
    public let key: SSHPublicKey
    /// The line of the list.
    public let line: Int

    public init(principal: String, key: SSHPublicKey, line: Int) {
        self.principal = principal
        self.key = key
        self.line = line
    }
}
