import Synchronization

/// What is to go wrong, on demand: nothing does unless it is asked for.
public final class Faults: Sendable {
    public enum Fault: Sendable, Hashable {
        /// The request is answered with a `Status` of this code (429 as plain text, as the API server does), and
        /// `Retry-After` in seconds.
        case refusal(Int, retryAfter: Int? = nil)
        /// The request is never answered.
        case hang
        /// The connection is reset before the answer.
        case reset
        /// The answer comes in pieces of so many bytes, each after a pause.
        case slowBody(bytes: Int, every: Duration)
        /// The connection is closed after so many bytes of the answer's body.
        case cutBody(afterBytes: Int)
        /// Right before the write is carried out, another field manager changes the object by this strategic merge patch.
        case rival(fieldManager: String, patch: JSONValue)
    }

    /// Which requests a fault is for; what is nil is not looked at.
    public struct Match: Sendable, Hashable {
        /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
        public var verb: String?
        /// `statefulsets`, or with a subresource `pods/status`.
        public var resource: String?
        public var namespace: String?
        public var name: String?
        public var pathPrefix: String?

        public init(
            verb: String? = nil, resource: String? = nil, namespace: String? = nil, name: String? = nil,
            pathPrefix: String? = nil
        ) {
            self.verb = verb
            self.resource = resource
            self.namespace = namespace
            self.name = name
            self.pathPrefix = pathPrefix
        }

        func matches(_ request: APIRequest) -> Bool {
            func agrees(_ wanted: String?, _ actual: String?) -> Bool { wanted == nil || wanted == actual }
            return agrees(verb, request.action?.verb) && agrees(resource, request.action?.resourceAndSubresource)
                && agrees(namespace, request.action?.namespace) && agrees(name, request.action?.name)
                && request.path.hasPrefix(pathPrefix ?? "")
        }
    }

    /// A watch's connection is closed in the middle of its answer.
    struct Cut: Error {}

    private struct Pending {
        var fault: Fault
        var match: Match
        var times: Int
    }

    private struct State {
        var pending: [Pending] = []
        var met = 0
        var watchCuts = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextListener = 0
    }

    private let state = Mutex(State())
    private let witness = Mutex<(@Sendable (Account, Action) -> Void)?>(nil)
    private let crashPoints = Mutex<[Account: CrashPoint]>([:])
    private let store: ObjectStore
    private let accounts: Accounts

    init(store: ObjectStore, accounts: Accounts) {
        self.store = store
        self.accounts = accounts
    }

    /// Lets the next requests that match meet the fault. Of several faults, the one injected first is met first.
    public func inject(_ fault: Fault, into match: Match = Match(), times: Int = 1) {
        state.withLock { $0.pending.append(Pending(fault: fault, match: match, times: times)) }
    }

    /// How many requests have met a fault.
    public var met: Int { state.withLock(\.met) }

    /// Waits until so many requests have met a fault, or the task is cancelled.
    public func untilMet(_ count: Int) async {
        let signals = signals()  // from before the count is read
        guard met < count else { return }
        for await _ in signals where met >= count { return }
    }

    /// Faults that are not met yet are off.
    public func clear() { state.withLock { $0.pending = [] } }

    /// Closes the connections of all watches that are open now, in the middle of the answer.
    public func cutWatches() {
        state.withLock { state in
            state.watchCuts += 1
            for listener in state.listeners.values { listener.yield() }
        }
    }

    /// All resourceVersions up to now are too old: to resume a watch, or to go on with a list, is answered 410.
    public func expireResourceVersions() { store.compact() }

    /// All tokens given out up to now are answered 401.
    public func revokeTokens() { accounts.revokeAll() }

    /// The account's client dies at that moment. One crash point an account: a new one takes the place of the former.
    public func crash(_ account: Account, _ moment: CrashPoint.Moment) -> CrashPoint {
        let point = CrashPoint(moment)
        crashPoints.withLock { $0[account] = point }
        return point
    }

    /// Calls the body right before each write is carried out, dry runs left out.
    func witnessWrites(_ body: @escaping @Sendable (Account, Action) -> Void) { witness.withLock { $0 = body } }

    func isDead(_ account: Account) -> Bool { crashPoints.withLock { $0[account] }?.isReached ?? false }

    /// Carries out a write, unless the account's client is dead or dies by it.
    func perform<Answer: Sendable>(
        _ account: Account, _ action: Action, _ write: () throws(StatusError) -> Answer
    ) throws(StatusError) -> Answer {
        witness.withLock { $0 }?(account, action)
        guard let point = crashPoints.withLock({ $0[account] }) else { return try write() }
        return try point.perform(action, write)
    }

    func next(for request: APIRequest) -> Fault? {
        state.withLock { state in
            guard let index = state.pending.firstIndex(where: { $0.match.matches(request) }) else { return nil }
            let fault = state.pending[index].fault
            state.pending[index].times -= 1
            if state.pending[index].times <= 0 { state.pending.remove(at: index) }
            state.met += 1
            for listener in state.listeners.values { listener.yield() }
            return fault
        }
    }

    /// Counts up with each cut.
    var watchCuts: Int { state.withLock(\.watchCuts) }

    /// A signal after each fault that was met, and each cut of the watches.
    func signals() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[id] = nil } }
        return stream
    }
}
