import FoundationEssentials
import Kubernetes

/// How one comes to a lease.
public enum LeaseClaim: Sendable, Hashable {
    /// For one pass: takes a free lease at once, and asks whoever holds it.
    case command
    /// For good: waits for its turn, and asks only a holder that ranks behind it, once it has been up for a while.
    case replica(upSince: ContinuousClock.Instant)
}

/// What one who waits is told.
public struct LeaseState: Sendable, Hashable {
    /// Nil where nobody holds it, and it is another's turn.
    public var holder: String?
    /// Who has asked for it.
    public var requestedBy: String?
}

/// What to do next about a lease that one wants. Pure: the time and chance are handed in.
///
/// Only durations on one's own clock count, from the moment at which a term was first seen: another machine's clock may be wrong
/// by years (as in client-go's `leaderelection`). Any change of the term starts the wait anew.
struct LeaseCandidate: Sendable {
    /// The annotation by which one asks for a lease that is held.
    static let requestAnnotation = "descry.dev/requested-by"

    enum Step: Sendable, Hashable {
        /// Write this term over what was seen; a conflict means that somebody was faster.
        case take(Lease)
        /// Ask the holder.
        case request(Lease)
        /// Look again then.
        case wait(until: ContinuousClock.Instant, LeaseState)
    }

    let holder: LeaseHolder
    let claim: LeaseClaim
    let environment: String
    var timing: LeaseTiming

    private var seen: (term: Lease.Term?, since: ContinuousClock.Instant)?

    init(holder: LeaseHolder, claim: LeaseClaim, environment: String, timing: LeaseTiming) {
        self.holder = holder
        self.claim = claim
        self.environment = environment
        self.timing = timing
    }

    /// - Parameters:
    ///   - lease: as just read; nil where it does not exist.
    ///   - date: for people; nobody decides by it.
    ///   - chance: 0..<1.
    mutating func step(
        _ lease: Lease?, name: String, at now: ContinuousClock.Instant, date: Date, chance: Double
    ) -> Step {
        let since: ContinuousClock.Instant
        if let seen, seen.term == lease?.term {
            since = seen.since
        } else {
            seen = (lease?.term, now)
            since = now
        }
        let lease = lease ?? Lease(name: name)
        let requestedBy = lease.annotations[Self.requestAnnotation]
        let isHeld = !lease.term.holder.isEmpty
        let free = isHeld ? since + timing.duration(of: lease.term.seconds) : since
        let mayTake = free + turn(isHeld ? nil : requestedBy)
        if now >= mayTake { return .take(taken(lease, date)) }
        let look = now + LeaseTiming.jittered(timing.look, chance: chance)
        guard isHeld, now < free else {
            return .wait(until: min(mayTake, look), LeaseState(holder: nil, requestedBy: requestedBy))
        }
        if asks(lease.term.holder, requestedBy, now) {
            var asking = lease
            asking.annotations[Self.requestAnnotation] = holder.identity
            return .request(asking)
        }
        return .wait(until: min(mayTake, look), LeaseState(holder: lease.term.holder, requestedBy: requestedBy))
    }

    /// How long to leave a free lease to others. Of a holder that is lost everybody takes over at once: who asked it may be lost too.
    ///
    /// - Parameter requestedBy: whom a lease was given back for.
    private func turn(_ requestedBy: String?) -> Duration {
        if requestedBy == holder.identity { return .zero }
        let mine =
            switch claim {
            case .command: Duration.zero
            case .replica: timing.spread * Rendezvous.rank(environment, holder.identity)
            }
        return requestedBy == nil ? mine : mine + timing.handOver
    }

    /// One at a time asks: whoever has asked before is served first.
    private func asks(_ current: String, _ requestedBy: String?, _ now: ContinuousClock.Instant) -> Bool {
        guard requestedBy == nil || requestedBy == current else { return false }
        return switch claim {
        case .command: true
        case .replica(let upSince):
            now >= upSince + timing.settling
                && Rendezvous.rank(environment, holder.identity) < Rendezvous.rank(environment, current)
        }
    }

    private func taken(_ lease: Lease, _ date: Date) -> Lease {
        var taken = lease
        taken.annotations[Self.requestAnnotation] = nil
        taken.annotations[LeaseHint.annotation] = nil  // who takes it looks anyway
        let time = MicroTime(date)
        taken.term = Lease.Term(
            holder: holder.identity, seconds: Int(timing.duration.components.seconds), acquired: time, renewed: time,
            transitions: lease.term.transitions + (lease.resourceVersion.isEmpty ? 0 : 1))
        return taken
    }
}
