import Kubernetes

extension EnvironmentLease {
    enum Acquired: Sendable {
        /// As written by a request that was sent at that moment, with this timing.
        case held(Lease, sentAt: ContinuousClock.Instant, LeaseTiming)
        /// The token may not read or write it; or the namespace is not there, in which nobody can write anything.
        case unavailable(KubernetesError)
    }

    /// How often in a row a write may come to nothing before that is told.
    private static let attempts = 8

    /// Looks, and does what ``LeaseCandidate`` says, until the lease is its holder's.
    func acquire(
        patience: Duration?, waiting: @Sendable (LeaseState) -> Void
    ) async throws -> Acquired {
        var candidate = LeaseCandidate(holder: holder, claim: claim, environment: environment, timing: timing)
        let end = patience.map { time.now() + $0 }
        var told: LeaseState?
        var freshness = KubernetesClient.Freshness.newest
        var failures = 0
        // A write whose answer was lost may have been carried out.
        var tried: (lease: Lease, sentAt: ContinuousClock.Instant, timing: LeaseTiming)?
        while true {
            let seen: Lease?
            do {
                seen = try await cluster.lease(name, namespace: namespace, freshness)
            } catch let error as KubernetesError where error.status == 403 {
                return .unavailable(error)
            }
            if let tried, let seen, seen.term == tried.lease.term {
                return .held(seen, sentAt: tried.sentAt, tried.timing)
            }
            let now = time.now()
            candidate.timing = timing
            let step = candidate.step(seen, name: name, at: now, date: time.date(), chance: time.random())
            freshness = .newest
            do {
                switch step {
                case .take(let lease):
                    tried = (lease, now, candidate.timing)
                    let old = seen ?? Lease(name: name)
                    let written = try await cluster.write(lease, over: old, namespace: namespace)
                    return .held(written, sentAt: now, candidate.timing)
                case .request(let lease) where end.map({ now < $0 }) ?? true:
                    guard let seen else { continue }
                    _ = try await cluster.write(lease, over: seen, namespace: namespace)
                    failures = 0
                case .request(let lease):
                    throw LeaseDenied.held(by: lease.term.holder, environment: environment)
                case .wait(let until, let state):
                    if let end, now >= end {
                        let by = state.holder ?? state.requestedBy ?? "another"
                        throw LeaseDenied.held(by: by, environment: environment)
                    }
                    if told?.holder != state.holder { waiting(state) }
                    told = state
                    freshness = .recent
                    failures = 0
                    try await time.sleep(min(until, end ?? until))
                }
            } catch let error as KubernetesError {
                failures += 1
                switch error.category {
                case .conflict where failures < Self.attempts: continue
                case .unreachable where failures < Self.attempts, .denied where step.isRequest:
                    try await time.sleep(now + LeaseTiming.jittered(candidate.timing.retry, chance: time.random()))
                case .missing where seen == nil, .denied where error.status == 403: return .unavailable(error)
                default: throw error
                }
            }
        }
    }
}

extension LeaseCandidate.Step {
    fileprivate var isRequest: Bool {
        if case .request = self { true } else { false }
    }
}
