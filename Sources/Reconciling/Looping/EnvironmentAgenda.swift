import Git

/// What an environment's loop does next: the decision alone, without any I/O. Time and chance are handed in.
///
/// Level-based: what happened only ever changes what is known; a pass takes nothing but the environment.
struct EnvironmentAgenda: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Why a pass begins: for people. It decides nothing in the pass.
    enum Reason: String, Sendable {
        /// The first one after the environment was taken on: what was missed meanwhile is found by it.
        case start
        case commit
        case drift
        /// What kept the last one from its end may have passed.
        case retry
        /// What changes wait for may be over: a window opens, or somebody has approved.
        case waiting
        /// Nothing is known to have changed; now and then a look is taken all the same.
        case resync
    }

    enum Step: Sendable, Hashable {
        case pass(Reason, CommitID)
        /// Until something is told, or this moment.
        case wait(until: Instant?)
    }

    /// How a pass ended, as far as the next one depends on it.
    enum End: Sendable, Hashable {
        /// The environment is as the commit says.
        case done
        /// Only another commit or another configuration can help.
        case refused
        /// There is a newer commit.
        case preempted
        /// Changes wait; another look is worth it after this pause, where that is known.
        case waiting(look: Duration?)
        /// The world was not as it must be; a retry may help.
        case failed(retryAfter: Duration?)
    }

    private var resyncInterval: Duration
    private(set) var tip: CommitID?
    private(set) var isRunning = false
    /// Of the last pass that ended; nil before the first.
    private(set) var lastEnd: End?
    /// The commit that the last pass was for.
    private(set) var attempted: CommitID?
    private var wanted: Reason? = .start
    private var scheduled: (at: Instant, reason: Reason)?
    private var backOff: BackOff

    init(resyncInterval: Duration, backOff: BackOff) {
        self.resyncInterval = resyncInterval
        self.backOff = backOff
    }

    /// The last pass ended well, for the commit that the branch points at.
    var isUpToDate: Bool { lastEnd == .done && attempted == tip }

    /// The last pass left changes that wait.
    var isWaiting: Bool { if case .waiting = lastEnd { true } else { false } }

    /// How many passes in a row have failed.
    var failures: Int { backOff.failures }

    mutating func moved(to tip: CommitID) { self.tip = tip }

    /// A pass is needed.
    mutating func asked(_ reason: Reason) { if wanted == nil { wanted = reason } }

    /// A pass is needed then, if none comes before.
    mutating func asked(_ reason: Reason, at moment: Instant) {
        if scheduled.map({ moment < $0.at }) ?? true { scheduled = (moment, reason) }
    }

    /// From now on a pass is made so often although nothing is known to have changed.
    mutating func resync(every interval: Duration, _ now: Instant, chance: Double) {
        resyncInterval = interval
        if lastEnd == .done || lastEnd == .refused || isWaiting { asked(.resync, at: now + interval.jittered(chance)) }
    }

    /// When a failed pass is tried again.
    var retry: Instant? { scheduled.flatMap { $0.reason == .retry ? $0.at : nil } }

    /// Somebody says that it is worth a try: a failed pass is repeated at once, and so is one whose changes wait.
    mutating func hinted() {
        if case .failed = lastEnd { asked(.retry) }
        if isWaiting { asked(.waiting) }
    }

    func next(_ now: Instant) -> Step {
        guard !isRunning, let tip else { return .wait(until: nil) }
        if let attempted, attempted != tip { return .pass(.commit, tip) }
        if let wanted { return .pass(wanted, tip) }
        if let scheduled, scheduled.at <= now { return .pass(scheduled.reason, tip) }
        return .wait(until: scheduled?.at)
    }

    mutating func began(_ commit: CommitID) {
        if attempted != commit { backOff.succeeded() }  // what failed before says nothing about this one
        isRunning = true
        attempted = commit
        wanted = nil
        scheduled = nil
    }

    mutating func ended(_ end: End, _ now: Instant, chance: Double) {
        isRunning = false
        lastEnd = end
        switch end {
        case .done, .refused:
            backOff.succeeded()
            asked(.resync, at: now + resyncInterval.jittered(chance))
        case .preempted: wanted = .commit
        case .waiting(let look):
            backOff.succeeded()
            asked(.resync, at: now + resyncInterval.jittered(chance))
            // The two clocks need not agree to the last millisecond.
            if let look { asked(.waiting, at: now + max(look, .milliseconds(100))) }
        case .failed(let retryAfter):
            asked(.retry, at: now + backOff.failed(chance: chance, atLeast: retryAfter))
        }
    }
}
