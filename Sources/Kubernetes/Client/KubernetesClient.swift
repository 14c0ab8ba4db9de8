import FoundationEssentials
import Logging
import NIOHTTP1
import Workloads

/// The slice of the Kubernetes API that Descry uses, on one cluster.
///
/// A value: copies share the connections, which ``close()`` ends. Every method throws ``KubernetesError``, or
/// `CancellationError` where its task was cancelled.
public struct KubernetesClient: Sendable {
    let transport: Transport
    private var deadline: ContinuousClock.Instant?
    private var retries: RetryPolicy
    private var permit: WritePermission?
    private var haste = Haste.usual

    private enum Haste {
        case usual
        case urgent
        case unhurried
    }

    /// Asked before a write is sent. May wait; what it throws ends the write.
    public typealias WritePermit = @Sendable () async throws -> Void
    /// Asked at the last moment before a write is sent: false where the permission has to be asked for anew, since it has run out
    /// while the write waited for its turn. What it throws ends the write.
    public typealias WriteCheck = @Sendable () throws -> Bool

    /// Opens no connection yet.
    public init(configuration: ClusterConfiguration, options: ClientOptions, logger: Logger) {
        transport = Transport(configuration: configuration, options: options, logger: logger)
        retries = options.retries
    }

    public var configuration: ClusterConfiguration { transport.configuration }

    /// The same client, of which every request with all its retries ends by then. Observations are not bound by it.
    public func before(_ deadline: ContinuousClock.Instant) -> KubernetesClient {
        var bounded = self
        bounded.deadline = deadline
        return bounded
    }

    /// The same client, of which every request with all its retries ends so long after it has got its place among those in flight.
    public func within(_ duration: Duration) -> KubernetesClient {
        var bounded = self
        bounded.retries.budget = duration
        return bounded
    }

    /// The same client, which asks for permission before each attempt of each request that is not a GET, retries too: so a
    /// writer that has lost its lock sends nothing more. Permissions of this client are asked for first.
    ///
    /// The wait for a permission counts as part of the request, whose deadline ends it.
    /// - Parameter check: whether what was permitted still is; nothing is awaited between it and the sending.
    public func guarded(
        by permit: @escaping WritePermit, check: @escaping WriteCheck = { true }
    ) -> KubernetesClient {
        var guarded = self
        let permission = WritePermission(wait: permit, holds: check)
        guarded.permit = self.permit?.and(permission) ?? permission
        return guarded
    }

    /// How many requests of this client and its copies wait until others have been answered: more than none means that the API server
    /// cannot keep up with them.
    public var requestsWaiting: Int { transport.gate.load.waiting }

    /// The same client, whose requests go before all others of this client and its copies (``ClientOptions/requestsInFlight``): for
    /// what keeps a lease, without which none of the others may be sent.
    public var urgent: KubernetesClient {
        var urgent = self
        urgent.haste = .urgent
        return urgent
    }

    /// The same client, whose requests go after all others of this client and its copies (``ClientOptions/requestsInFlight``): for what
    /// follows the writes of a pass. Where many begin together, all of them write first.
    public var unhurried: KubernetesClient {
        var unhurried = self
        unhurried.haste = .unhurried
        return unhurried
    }

    /// The same client, which does not give up on a server that is away or busy before so much time has passed: for what was begun
    /// and has to be brought to an end. Without it, a request whose connections fail is given up within seconds, since the address
    /// may be wrong.
    public func throughOutages(of duration: Duration) -> KubernetesClient {
        var persistent = self
        persistent.retries.attempts = .max
        persistent.retries.connectionAttempts = .max
        persistent.retries.budget = duration
        return persistent
    }

    /// The same client, of which every request is sent once: for callers that have a plan of their own for failures.
    var withoutRetries: KubernetesClient {
        var once = self
        once.retries.attempts = 1
        once.retries.connectionAttempts = 1
        return once
    }

    func send(_ request: APIRequest) async throws -> Data {
        try await transport.send(
            request, deadline: deadline, retries: retries, priority: priority(of: request), permit: permit)
    }

    func priority(of request: APIRequest) -> RequestQueue.Priority {
        switch haste {
        case .usual: request.method == .GET ? .read : .write
        case .urgent: .urgent
        case .unhurried: .unhurried
        }
    }

    /// Sends the request once. An API server that is just starting refuses what it permits a moment later (``Recovery``): such a
    /// refusal is of the category `unreachable`.
    func sendOnce(_ request: APIRequest) async throws -> Data {
        do {
            return try await withoutRetries.send(request)
        } catch let error as KubernetesError where transport.isPassing(error) {
            throw KubernetesError(
                code: error.code, category: .unreachable, status: error.status, reason: error.reason,
                message: error.message, hint: error.hint)
        }
    }

    /// Ends all connections. Must be called once, when no request is under way.
    public func close() async throws {
        try await transport.close()
    }

    /// All workloads of a kind.
    public func list(
        _ kind: WorkloadKind, namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil
    ) async throws -> ResourceList<Workload> {
        let scope = ListScope(.init(kind), namespace, labelSelector, fieldSelector)
        return switch kind {
        case .statefulSet: try await list(StatefulSetObject.self, scope)
        case .deployment: try await list(DeploymentObject.self, scope)
        case .daemonSet: try await list(DaemonSetObject.self, scope)
        }
    }

    /// One workload, or nil where there is none of that name.
    public func workload(_ key: WorkloadKey, namespace: String) async throws -> Workload? {
        switch key.kind {
        case .statefulSet: try await get(StatefulSetObject.self, .init(key.kind), key.name, namespace)
        case .deployment: try await get(DeploymentObject.self, .init(key.kind), key.name, namespace)
        case .daemonSet: try await get(DaemonSetObject.self, .init(key.kind), key.name, namespace)
        }
    }

    /// The namespace's pods.
    public func pods(
        namespace: String, labelSelector: String? = nil, fieldSelector: String? = nil
    ) async throws -> ResourceList<PodState> {
        try await list(PodObject.self, ListScope(.pods, namespace, labelSelector, fieldSelector))
    }

    /// One pod, or nil where there is none of that name.
    public func pod(_ name: String, namespace: String) async throws -> PodState? {
        try await get(PodObject.self, .pods, name, namespace)
    }

    /// What the token in use says about itself: when it ends, and whose it is. Nil where there is no token, or it is no JWT.
    public func tokenClaims() async throws -> TokenClaims? {
        try await transport.tokenClaims()
    }

    /// The API server's version. Everybody may ask for it on most clusters.
    public func serverVersion() async throws -> ServerVersion {
        struct Answer: Decodable {
            var major: String?
            var minor: String?
            var gitVersion: String?
        }
        let purpose = APIRequest.Purpose(verb: "get", resource: "/version")
        let answer = try decode(
            Answer.self, try await send(APIRequest(path: "/version", purpose: purpose)), purpose)
        // Managed clusters write the minor version as "27+".
        let number = { (text: String?) in Int((text ?? "").prefix { $0.isASCII && $0.isNumber }) ?? 0 }
        return ServerVersion(
            major: number(answer.major), minor: number(answer.minor), gitVersion: answer.gitVersion ?? "")
    }
}
