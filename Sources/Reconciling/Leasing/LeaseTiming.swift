/// How long a lease lasts and how often it is looked at.
///
/// A lost holder's environments move within ``duration`` + ``look`` and a fifth of it + ``spread``: 15 s with the defaults.
public struct LeaseTiming: Sendable, Hashable {
    /// A lease that has not changed for so long is free. Whole seconds, as it is written into the lease.
    public var duration: Duration = .seconds(10)
    /// From one renewal to the next.
    public var renewal: Duration = .seconds(3)
    /// From a renewal that failed to the next try.
    public var retry: Duration = .seconds(1)
    /// How often one who waits looks.
    public var look: Duration = .milliseconds(2500)
    /// A replica tries a free lease after its rank × this, so that the one with the lowest rank gets it.
    public var spread: Duration = .milliseconds(1500)
    /// How long everybody else leaves a free lease to the one who has asked for it.
    public var handOver: Duration = .seconds(5)
    /// A replica asks a holder with a worse rank for the lease once it has been up for so long.
    public var settling: Duration = .seconds(30)
    /// The longest that it takes to give a lease back.
    public var release: Duration = .seconds(2)

    public init() {}

    /// For one who waits with a person behind it.
    public static let command: LeaseTiming = {
        var timing = LeaseTiming()
        timing.look = .seconds(1)
        return timing
    }()

    /// How long a holder goes on writing from a renewal on, counted from when it was sent. It ends before anybody else may take
    /// the lease, by what a write needs to arrive and by what two clocks may differ in their pace.
    var validity: Duration { duration * 0.7 }

    /// The term of a holder that writes another duration into its lease, a later version of Descry perhaps. Bounded, so that
    /// nobody who can write the lease blocks the environment for good.
    func duration(of seconds: Int?) -> Duration {
        max(duration, .seconds(min(max(seconds ?? 0, 0), 60)))
    }

    /// Four fifths to six fifths of the pause, so that many do not come at the same moment.
    static func jittered(_ pause: Duration, chance: Double) -> Duration { pause * (0.8 + 0.4 * chance) }
}
