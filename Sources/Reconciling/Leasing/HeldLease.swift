import Kubernetes

/// The lock of an environment, as its holder has it.
public struct HeldLease: Sendable {
    /// False where the token may not keep a lock: then the work goes on without.
    public var isGuarded: Bool { term != nil }
    /// What to tell once where there is no lock.
    public let note: String?
    /// Who else asks for the lease, each once. A holder that is idle ends its work to hand it over.
    public let requests: AsyncStream<String>
    /// Others that do not hold the lease have heard that something may have changed; or the API server is back.
    public let hints: AsyncStream<Void>
    let term: LeaseTerm?

    init(term: LeaseTerm?, note: String? = nil, requests: AsyncStream<String>, hints: AsyncStream<Void>) {
        self.term = term
        self.note = note
        self.requests = requests
        self.hints = hints
    }

    /// How often the lease has gone to another holder by now.
    public var transitions: Int { term?.lease.term.transitions ?? 0 }

    /// Whether a write may be sent at this moment.
    ///
    /// - Throws: `KubernetesError` of code `lock-lost` where somebody else has the lease, `lock-unconfirmed` where it could not be
    ///   renewed in time and may still be, or what the API server refuses the renewal with.
    public func check() throws { try term?.check() }

    /// The same client, which sends no write without the lease. While a renewal is late, writes wait for it within their deadline.
    public func guarding(_ cluster: KubernetesClient) -> KubernetesClient {
        guard let term else { return cluster }
        return cluster.guarded(by: { try await term.permit() }, check: { try term.mayWrite() })
    }
}
