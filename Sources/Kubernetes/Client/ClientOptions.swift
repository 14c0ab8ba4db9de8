/// How long the client waits, how often it tries again, and what it calls itself.
public struct ClientOptions: Sendable {
    /// Names the program in the API server's audit log: `descry/1.0.0 (linux/amd64)`.
    public var userAgent: String
    /// Until a TCP and TLS connection stands.
    public var connectTimeout: Duration = .seconds(10)
    /// One attempt of one request, from when it is sent to the last byte of the answer. What it waited for its place before that
    /// (``requestsInFlight``) does not count.
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
    /// How many requests of a client and its copies are in flight at once; further ones wait, what keeps a lease before writes,
    /// writes before reads, and each namespace in its turn (``RequestQueue``). Neither watches that are open count, which have
    /// connections besides, nor questions that the API server passes on to pods, which may hang as long as a pod does.
    ///
    /// A bound on concurrency, not on the rate: a server that is slow is asked less often by itself. 32 of each of several replicas
    /// fit into what an API server has for a service account by default: 245 of its 600 seats (the priority level
    /// `workload-low`, 100 of 245 shares of `--max-requests-inflight` 400 + `--max-mutating-requests-inflight` 200), and into the
    /// 100 streams of an HTTP/2 connection. client-go bounds the rate instead, to 5 a second (kubelet and kubectl: 50).
    ///
    /// Source: <https://kubernetes.io/docs/concepts/cluster-administration/flow-control/>; `http2-max-streams-per-connection`.
    public var requestsInFlight = 32
    /// How many watches share an HTTP/2 connection: a third of the streams that API servers and proxies allow by default (100).
    public var watchesPerConnection = 32
    /// Connections to a server that speaks HTTP/1.1 only. There, each watch has one besides.
    public var connectionLimit = 40
    /// Called after each attempt of each request, from any thread; must not block.
    public var onRequest: (@Sendable (RequestObservation) -> Void)?

    var time = TimeSource.system

    public init(version: String) {
        userAgent = UserAgent.text(version: version)
    }
}
