/// How the loop paces itself. Every value is for one replica.
public struct LoopSettings: Sendable {
    /// How often each repository is asked for its branches, a tenth more or less.
    public var pollInterval: Duration
    /// How often a pass is made although nothing is known to have changed.
    public var resyncInterval: Duration
    /// The same where the token may not watch the workloads, so that drift is seen by it alone.
    public var unwatchedInterval: Duration
    /// How many passes begin at once at each API server.
    public var passesAtOnce: Int
    /// After this a pass no longer counts among those: it waits for rollouts, or for a server that hangs. It goes on to count where
    /// requests to the API server wait for others.
    public var slotPatience: Duration
    /// The pause after the first failure; each further one doubles it.
    public var firstRetry: Duration
    /// However often a pass fails.
    public var longestRetry: Duration
    /// How long the loop takes to end: to record what it leaves behind and give its leases back.
    public var drain: Duration
    public var leaseTiming: LeaseTiming

    public init(
        pollInterval: Duration = .seconds(60), resyncInterval: Duration = .seconds(600),
        unwatchedInterval: Duration = .seconds(60), passesAtOnce: Int = 32, slotPatience: Duration = .seconds(2),
        firstRetry: Duration = .seconds(5), longestRetry: Duration = .seconds(300), drain: Duration = .seconds(8),
        leaseTiming: LeaseTiming = LeaseTiming()
    ) {
        self.pollInterval = pollInterval
        self.resyncInterval = resyncInterval
        self.unwatchedInterval = unwatchedInterval
        self.passesAtOnce = passesAtOnce
        self.slotPatience = slotPatience
        self.firstRetry = firstRetry
        self.longestRetry = longestRetry
        self.drain = drain
        self.leaseTiming = leaseTiming
    }
}

/// Says that something may have changed. A hint only: whoever gets it looks for himself.
public struct WakeHint: Sendable, Hashable {
    public enum Reason: String, Sendable, Hashable {
        case webhook, reload, signal
    }

    /// Their names; unknown ones are passed over.
    public var environments: Set<String>
    public var reason: Reason

    public init(environments: Set<String>, reason: Reason) {
        self.environments = environments
        self.reason = reason
    }
}
