/// Decides when an environment that webhooks ask for is woken: at once, then at most once an interval as long as they come.
///
/// The last one of a burst always counts: what was asked for while a poll may have been under way is asked for again at the
/// end of the interval.
struct WakeGate: Sendable {
    let interval: Duration
    private var woken: [String: ContinuousClock.Instant] = [:]
    private var pending: [String: ContinuousClock.Instant] = [:]

    init(interval: Duration) {
        self.interval = interval
    }

    /// - Returns: those of the environments that are to be woken now; the others are when their interval is over.
    mutating func ask(for environments: Set<String>, at now: ContinuousClock.Instant) -> Set<String> {
        woken = woken.filter { $0.value + interval > now }
        var immediate: Set<String> = []
        for environment in environments {
            if let last = woken[environment] {
                pending[environment] = last + interval
            } else if pending[environment] == nil {
                woken[environment] = now
                immediate.insert(environment)
            }
        }
        return immediate
    }

    /// When the next of those that wait is due; nil where none waits.
    var next: ContinuousClock.Instant? { pending.values.min() }

    /// Those that are due.
    mutating func due(at now: ContinuousClock.Instant) -> Set<String> {
        let due = Set(pending.filter { $0.value <= now }.keys)
        for environment in due {
            pending[environment] = nil
            woken[environment] = now
        }
        return due
    }
}
