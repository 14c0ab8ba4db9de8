/// What `/version` answers.
public struct ServerVersion: Sendable, Hashable, CustomStringConvertible {
    public var major: Int
    public var minor: Int
    /// `v1.33.1`, or with a distribution's suffix: `v1.33.1+k3s1`.
    public var gitVersion: String

    public init(major: Int, minor: Int, gitVersion: String) {
        self.major = major
        self.minor = minor
        self.gitVersion = gitVersion
    }

    public var description: String { gitVersion }
}
