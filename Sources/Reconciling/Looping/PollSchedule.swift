/// When a repository is asked for its branches next. Pure: time and chance are handed in.
///
/// - In peace once an interval, a tenth more or less.
/// - After a hint at once, but not within ``debounce`` of the last question, so that a flood of webhooks is one question.
/// - After failures in a row less and less often, up to ``longestPause``; a hint says that the server lives, and ends the wait.
/// - What the server asks for by `Retry-After` is kept, whatever is hinted.
struct PollSchedule: Sendable, Hashable {
    typealias Instant = ContinuousClock.Instant

    static let longestPause = Duration.seconds(300)

    let interval: Duration
    let debounce: Duration
    private(set) var isUnderWay = false
    private var regular: Instant
    private var hint: Instant?
    private var notBefore: Instant?
    private var lastStart: Instant?
    private var backOff: BackOff

    /// The first question is due at once.
    init(interval: Duration, debounce: Duration = .milliseconds(250), now: Instant) {
        self.interval = interval
        self.debounce = debounce
        regular = now
        backOff = BackOff(first: min(.seconds(1), interval), longest: max(Self.longestPause, interval))
    }

    /// When to ask; nil while the last question is under way.
    var due: Instant? {
        guard !isUnderWay else { return nil }
        let wanted = hint.map { min($0, regular) } ?? regular
        return notBefore.map { max($0, wanted) } ?? wanted
    }

    mutating func started(_ now: Instant) {
        isUnderWay = true
        lastStart = now
        hint = nil
        notBefore = nil
    }

    mutating func answered(_ now: Instant, chance: Double) {
        isUnderWay = false
        backOff.succeeded()
        regular = now + interval.jittered(chance)
    }

    mutating func failed(_ now: Instant, retryAfter: Duration?, chance: Double) {
        isUnderWay = false
        notBefore = retryAfter.map { now + $0 }
        regular = now + backOff.failed(chance: chance, atLeast: retryAfter)
    }

    mutating func hinted(_ now: Instant) {
        guard hint == nil else { return }
        hint = max(now, lastStart.map { $0 + debounce } ?? now)
    }
}
