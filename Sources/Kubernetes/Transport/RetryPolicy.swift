/// Whether and when a failed request is sent again. Pure: time and chance are handed in.
///
/// Every request that Descry sends may be repeated: reads, access reviews, server-side apply (the same fields to the same
/// values) and deletions with a uid precondition.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all for 429 and 5xx.
    public var attempts = 8
    /// Attempts in all where no connection could be made or it broke.
    public var connectionAttempts = 4
    /// The first pause; each further one doubles.
    public var firstPause: Duration = .milliseconds(250)
    public var longestPause: Duration = .seconds(20)
    /// Where no connection could be made or it broke: such an attempt costs the server nothing.
    public var longestConnectionPause: Duration = .seconds(5)
    /// How long a request is retried where no deadline was given.
    public var budget: Duration = .seconds(60)

    public init() {}

    /// What went wrong with an attempt.
    enum Failure: Sendable, Hashable {
        case connection
        /// 429 or a 5xx.
        case busy(retryAfter: Duration?)
    }

    /// The pause before attempt `attempt + 1`, or nil where the failure is final.
    ///
    /// Half of a pause is chance, so that many clients do not come back at the same moment. `Retry-After` is a lower bound.
    /// - Parameters:
    ///   - attempt: the one that failed, counted from 1.
    ///   - chance: 0..<1.
    ///   - remaining: until the deadline.
    func pause(after failure: Failure, attempt: Int, chance: Double, remaining: Duration) -> Duration? {
        let limit = failure == .connection ? connectionAttempts : attempts
        guard attempt < limit else { return nil }
        let longest = failure == .connection ? min(longestConnectionPause, longestPause) : longestPause
        var pause = Self.backOff(first: firstPause, longest: longest, failures: attempt, chance: chance)
        if case .busy(let retryAfter?) = failure { pause = max(pause, retryAfter) }
        return pause < remaining ? pause : nil
    }

    /// `first · 2^(failures - 1)`, at most `longest`, of which the second half is chance.
    static func backOff(first: Duration, longest: Duration, failures: Int, chance: Double) -> Duration {
        let doublings = min(max(failures, 1) - 1, 30)
        let full = min(first * (1 << doublings), longest)
        return full / 2 + full * (chance / 2)
    }
}
