import Synchronization

/// Whether the API server is just coming back. While it starts, its authorizer has not read all roles yet: it answers 403,
/// and 401 to some tokens, to what it permits a moment later. So a refusal is final only when the server has not been away,
/// or has been answering again for a while.
///
/// Found on Kubernetes 1.20: the port opens before the RBAC informers are in sync, and `/readyz` says so, but a client that
/// was connected before does not ask it.
final class Recovery: Sendable {
    /// From the first answer after the server was away until its refusals are believed.
    static let grace = Duration.seconds(15)

    private enum State {
        case steady
        case away
        case back(since: ContinuousClock.Instant)
    }
    private let state = Mutex(State.steady)

    /// There was no complete answer, or one that says that the server is not up.
    func failed() {
        state.withLock { $0 = .away }
    }

    /// There was an answer of the server itself.
    func answered(at now: ContinuousClock.Instant) {
        state.withLock { if case .away = $0 { $0 = .back(since: now) } }
    }

    /// True where a refusal may be the start-up's.
    func isUnderWay(at now: ContinuousClock.Instant) -> Bool {
        state.withLock {
            switch $0 {
            case .steady: false
            case .away: true
            case .back(let since): now < since + Self.grace
            }
        }
    }
}
