/// How an app is asked whether it works, beyond its pods' being ready: by HTTP GET, each of its pods.
public struct HealthCheck: Sendable, Hashable {
    /// Path and query as they are sent, beginning with `/`.
    public let path: String
    /// The pod's port. Nil: the first that its containers declare, else 80, as the API server's proxy chooses.
    public let port: Int?
    /// A text that the body of the answer must contain.
    public let expect: String?
    /// For how long all pods must answer well without a break. Zero: once is enough.
    public let `for`: Duration

    public init(path: String, port: Int? = nil, expect: String? = nil, for duration: Duration = .zero) {
        self.path = path
        self.port = port
        self.expect = expect
        self.for = duration
    }
}
