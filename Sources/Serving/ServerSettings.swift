/// Where the server listens and how much it takes from whoever connects.
public struct ServerSettings: Sendable, Hashable {
    /// An address or name of this machine; `0.0.0.0` or `::` for all of them.
    public var host: String
    /// 0 for any that is free.
    public var port: Int
    /// PEM files of the certificate chain (leaf first) and its private key, read again when they change; both or neither.
    public var certificate: String?
    public var key: String?
    public var limits: ServerLimits

    public init(
        host: String = "0.0.0.0", port: Int = 8080, certificate: String? = nil, key: String? = nil,
        limits: ServerLimits = ServerLimits()
    ) {
        self.host = host
        self.port = port
        self.certificate = certificate
        self.key = key
        self.limits = limits
    }
}

/// What the server takes, and for how long it waits. Whoever connects is a stranger until a signature is verified.
public struct ServerLimits: Sendable, Hashable {
    /// Connections that are open at a time. Further ones wait in the operating system's queue.
    public var connections = 512
    /// All header fields of a request together, in bytes.
    public var headers = 16 << 10
    /// The body of one webhook, in bytes. GitHub sends up to 25 MB, but no push of a deployment repository comes near.
    public var body = 1 << 20
    /// The bodies that are being received at a time, in bytes.
    public var bodiesAtOnce = 16 << 20
    /// From the head of a webhook to the last byte of its body.
    public var bodyDeadline = Duration.seconds(10)
    /// From a request's head to the last byte of the answer.
    public var requestDeadline = Duration.seconds(30)
    /// Until a connection brings the head of its first, or next, request.
    public var idle = Duration.seconds(15)
    /// How long a client that has been refused may go on sending before the connection is closed under it. Closing at once
    /// would take the answer away from it.
    public var linger = Duration.seconds(2)
    /// For requests under way, once the process is to end.
    public var drain = Duration.seconds(3)
    /// Webhooks of one address; of IPv6, of one /64 network.
    public var webhooks = RateLimit(perSecond: 300, burst: 600)
    /// Webhooks of one address, or /64 network, whose signature is wrong. Each counts one, and one more for every MiB that had to be hashed.
    public var forgeries = RateLimit(perSecond: 10, burst: 30)
    /// An environment is woken at most so often.
    public var wakeInterval = Duration.seconds(1)

    public init() {}
}

/// So many a second on average, and so many at once.
public struct RateLimit: Sendable, Hashable {
    public var perSecond: Double
    public var burst: Double

    public init(perSecond: Double, burst: Double) {
        self.perSecond = perSecond
        self.burst = burst
    }
}
