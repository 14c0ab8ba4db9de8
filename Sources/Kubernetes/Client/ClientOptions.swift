/// How long the client waits, how often it tries again, and what it calls itself.
public struct ClientOptions: Sendable {
    /// Names the program in the API server's audit log: `descry/1.0.0 (linux/amd64)`.
    public var userAgent: String
    /// Until a TCP and TLS connection stands.
    public var connectTimeout: Duration = .seconds(10)
    /// One attempt of one request, from its start to the last byte of the answer.
    public var requestTimeout: Duration = .seconds(30)
    /// A watch that brings nothing for so long, not even a bookmark (sent each minute), is cut and resumed.
    public var watchIdleTimeout: Duration = .seconds(90)
    public var retries = RetryPolicy()
    /// The largest answer read, in bytes.
    public var responseLimit = 64 << 20
    /// The largest watch event read, in bytes.
    public var lineLimit = 4 << 20
    /// Objects a page of a list.
    public var pageSize = 500
    /// Connections to a server that speaks HTTP/1.1 only. Watches always have a connection each.
    public var connectionLimit = 32
    /// Called after each attempt of each request, from any thread; must not block.
    public var onRequest: (@Sendable (RequestObservation) -> Void)?

    var time = TimeSource.system

    public init(version: String) {
        userAgent = UserAgent.text(version: version)
    }
}
