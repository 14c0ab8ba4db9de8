/// How long a lease lasts and how often it is looked at.
///
/// A lost holder's environments move within ``duration`` + ``look`` and a fifth of it + ``spread``: 15 s with the defaults. Where
/// a process keeps many leases at one API server, all of it takes longer in proportion: ``sharing(_:)``.
///
/// **Why holders and waiters may have different timings, and change them.** A holder's validity is a fraction of the duration that
/// is in the lease, and one who waits keeps to that duration, whatever its own is; only where it is shorter than
/// ``shortest``, or none, it waits for longer. So at each moment, for each term that anybody may have seen:
/// - The holder may write until it *sent* the term + 0.7 × the duration in it. It sends none with a shorter duration without
///   shortening what it believes first (``LeaseTerm/renewing(validUntil:)``), since the write may be carried out and its answer lost.
/// - Nobody takes the lease before it *saw* the term, later than that was sent, + the whole duration in it, on a clock of its own, and
///   then only if the term is still there, which the `resourceVersion` proves.
public struct LeaseTiming: Sendable, Hashable {
    /// A lease that has not changed for so long is free. Whole seconds, as it is written into the lease.
    public var duration: Duration = .seconds(10)
    /// From one renewal to the next.
    public var renewal: Duration = .seconds(3)
    /// From a renewal that failed to the next try.
    public var retry: Duration = .seconds(1)
    /// The first renewal of a row that fails is given so long, each further one twice that, up to four times: a connection that hangs
    /// must not cost the lease, and a slow server neither. Real time: it bounds requests.
    public var patience: Duration = .milliseconds(2500)
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

    /// The longest duration that a lease has: others keep to no longer one, so that nobody who can write the lease blocks the
    /// environment for good.
    static let longest = Duration.seconds(60)
    /// How many renewals a second a process makes at one API server, unless it keeps more than 1,260 leases there. What an API
    /// server with etcd on a small disk takes beside all else (hundreds of writes a second); a kubelet's lease costs a tenth of a
    /// write a second, so it is what 700 nodes cost.
    static let renewalsPerSecond = 70.0

    /// Of ``duration``, what it was before it was made longer for many leases.
    private var unshared: Duration?
    /// The least that a lease of somebody else lasts, whatever it says.
    var shortest: Duration { unshared ?? duration }

    /// The same for a process that may come to keep so many leases at one API server: up to 210 it is the same, from there on
    /// everything takes longer in proportion, until a lease lasts a minute.
    func sharing(_ leases: Int) -> LeaseTiming {
        let wanted = Double(leases) / Self.renewalsPerSecond / (renewal / .seconds(1))
        let factor = min(wanted, Self.longest / shortest)
        guard factor > 1 else { return self }
        var shared = self
        shared.unshared = shortest
        // As it is written: in whole seconds.
        shared.duration = min(.seconds((duration * factor / .seconds(1)).rounded(.up)), Self.longest)
        shared.renewal = renewal * factor
        shared.retry = retry * factor
        shared.patience = patience * min(factor, 2)
        shared.look = look * factor
        shared.spread = spread * factor
        shared.handOver = handOver * factor
        return shared
    }

    /// How long a holder goes on writing from a renewal on, counted from when it was sent. It ends before anybody else may take
    /// the lease, by what a write needs to arrive and by what two clocks may differ in their pace.
    var validity: Duration { duration * 0.7 }

    /// How long others leave a lease to its holder: for as long as the lease itself says, within bounds.
    func duration(of seconds: Int?) -> Duration {
        max(shortest, min(.seconds(max(seconds ?? 0, 0)), Self.longest))
    }

    /// Four fifths to six fifths of the pause, so that many do not come at the same moment.
    static func jittered(_ pause: Duration, chance: Double) -> Duration { pause * (0.8 + 0.4 * chance) }
}
