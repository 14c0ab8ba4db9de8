/// How to reach a repository and where to keep its objects.
public struct GitOptions: Sendable {
    /// The folder under which every repository gets one of its own; made (mode 0700) where it isn't there.
    public var cacheDirectory: String
    public var credentials: GitCredentials
    /// A PEM file of the certificate authorities to trust *instead of* the system's. Unreadable is an error.
    public var certificateAuthority: String?
    /// PEM files of the client's certificate (leaf first) and private key; both or neither.
    public var clientCertificate: String?
    public var clientKey: String?
    public var deadlines: GitDeadlines
    public var limits: GitLimits
    /// Sent to HTTP servers. Some of them serve git only where it begins with `git/`.
    public var userAgent: String
    /// The variables that are seen as the process's own: `PATH`, `SSH_AUTH_SOCK`, `GIT_SSH_COMMAND`, `GIT_SSH`,
    /// credential variables. Handed on to `ssh` and `git`, without the credential variables named in ``credentials``.
    public var environment: [String: String]
    /// The words of the program to run in place of `ssh`; nil takes `GIT_SSH_COMMAND`, then `GIT_SSH`, then `ssh`.
    public var sshCommand: [String]?
    /// Called after each question to the server, from any thread; must not block.
    public var onRequest: (@Sendable (RequestObservation) -> Void)?

    public init(
        cacheDirectory: String, credentials: GitCredentials = .none, certificateAuthority: String? = nil,
        clientCertificate: String? = nil, clientKey: String? = nil, deadlines: GitDeadlines = GitDeadlines(),
        limits: GitLimits = GitLimits(), userAgent: String = "git/2.0 (descry)", environment: [String: String],
        sshCommand: [String]? = nil, onRequest: (@Sendable (RequestObservation) -> Void)? = nil
    ) {
        self.cacheDirectory = cacheDirectory
        self.credentials = credentials
        self.certificateAuthority = certificateAuthority
        self.clientCertificate = clientCertificate
        self.clientKey = clientKey
        self.deadlines = deadlines
        self.limits = limits
        self.userAgent = userAgent
        self.environment = environment
        self.sshCommand = sshCommand
        self.onRequest = onRequest
    }
}

/// How long to wait. Nothing that this target does waits without one of these.
public struct GitDeadlines: Sendable, Hashable {
    /// Until a connection stands (name, TCP, TLS; for `ssh` its own `ConnectTimeout`).
    public var connect: Duration
    /// Between two pieces of an answer.
    public var idle: Duration
    /// For one operation from its first to its last byte.
    public var total: Duration
    /// For another process to let go of the cache folder.
    public var lock: Duration
    /// Between a push and the server's answer, while its hooks run.
    public var hooks: Duration

    public init(
        connect: Duration = .seconds(10), idle: Duration = .seconds(30), total: Duration = .seconds(300),
        lock: Duration = .seconds(120), hooks: Duration = .seconds(120)
    ) {
        self.connect = connect
        self.idle = idle
        self.total = total
        self.lock = lock
        self.hooks = hooks
    }
}

/// How much to take from a server and a repository.
public struct GitLimits: Sendable, Hashable {
    /// The greatest file that is read from a commit, in bytes.
    public var file: Int
    /// The longest list of refs, in bytes as sent.
    public var refs: Int
    /// The greatest pack of one fetch, in bytes.
    public var pack: Int

    public init(file: Int = 8 << 20, refs: Int = 64 << 20, pack: Int = 1 << 30) {
        self.file = file
        self.refs = refs
        self.pack = pack
    }
}
