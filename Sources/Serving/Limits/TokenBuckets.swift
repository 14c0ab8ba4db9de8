/// One token bucket for each key: a key may spend `burst` at once, and gets `perSecond` back.
///
/// A bucket that is full again is the same as none, so that memory is bounded by the keys of the last moments, and by `limit`
/// where there are more: then the bucket that was used longest ago is given up.
struct TokenBuckets: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    let rate: RateLimit
    let limit: Int
    private var buckets: [String: Bucket] = [:]

    init(_ rate: RateLimit, limit: Int = 4096) {
        self.rate = rate
        self.limit = limit
    }

    var count: Int { buckets.count }

    /// Takes so many tokens, where the bucket has one at least; it may go below zero, so that a dear request is paid for.
    ///
    /// - Returns: nil where it may go on, or how long to wait.
    mutating func take(_ cost: Double = 1, for key: String, at now: ContinuousClock.Instant) -> Duration? {
        var bucket = refilled(key, at: now)
        guard bucket.tokens >= 1 else { return .seconds((1 - bucket.tokens) / rate.perSecond) }
        bucket.tokens -= cost
        store(bucket, for: key)
        return nil
    }

    /// Whether the key would be let through, without taking anything.
    func wait(for key: String, at now: ContinuousClock.Instant) -> Duration? {
        let tokens = refilled(key, at: now).tokens
        return tokens >= 1 ? nil : .seconds((1 - tokens) / rate.perSecond)
    }

    private func refilled(_ key: String, at now: ContinuousClock.Instant) -> Bucket {
        guard let bucket = buckets[key] else { return Bucket(tokens: rate.burst, at: now) }
        let elapsed = max(0, bucket.at.duration(to: now) / .seconds(1))
        return Bucket(tokens: min(rate.burst, bucket.tokens + elapsed * rate.perSecond), at: now)
    }

    private mutating func store(_ bucket: Bucket, for key: String) {
        if buckets[key] == nil, buckets.count >= limit {
            buckets = buckets.filter { refilled($0.key, at: bucket.at).tokens < rate.burst }
            if buckets.count >= limit, let oldest = buckets.min(by: { $0.value.at < $1.value.at }) {
                buckets[oldest.key] = nil
            }
        }
        buckets[key] = bucket
    }
}
