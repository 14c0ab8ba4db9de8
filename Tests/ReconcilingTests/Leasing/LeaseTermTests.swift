import Kubernetes
import Synchronization
import Testing

@testable import Reconciling

/// What a holder may do by what it knows of its lease.
@Suite struct LeaseTermTests {
    /// A clock that is set by hand.
    private final class Hand: Sendable {
        private let state = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { state.withLock { $0 } }
        func pass(_ seconds: Int) { state.withLock { $0 += .seconds(seconds) } }
    }

    private static let refusal = KubernetesError(code: "forbidden", category: .denied, status: 403, message: "no")

    private static func term(_ hand: Hand) -> LeaseTerm {
        LeaseTerm(Lease(name: "descry-dev"), validUntil: hand.now + .seconds(7), now: { hand.now })
    }

    private static func code(_ term: LeaseTerm) -> String? {
        do {
            try term.check()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `it lasts until it is not renewed in time, and again from a renewal on`() {
        let hand = Hand()
        let term = Self.term(hand)
        #expect(Self.code(term) == nil)
        hand.pass(7)
        #expect(Self.code(term) == "lock-unconfirmed")
        term.renewed(Lease(name: "descry-dev"), validUntil: hand.now + .seconds(7))
        #expect(Self.code(term) == nil)
        // An answer that came late is no step back.
        term.renewed(Lease(name: "descry-dev"), validUntil: hand.now)
        #expect(Self.code(term) == nil)
    }

    /// A refused renewal is final only when the last one has run out: the right may come back.
    @Test func `a renewal that is refused says why nothing may be written`() {
        let hand = Hand()
        let term = Self.term(hand)
        term.notRenewed(Self.refusal)
        #expect(Self.code(term) == nil)
        hand.pass(7)
        #expect(Self.code(term) == "forbidden")
        term.notRenewed(nil)
        #expect(Self.code(term) == "lock-unconfirmed")
    }

    @Test func `a lease that went to somebody else is lost at once, for good`() {
        let hand = Hand()
        let term = Self.term(hand)
        term.lost(.lost(to: "other", environment: "DEV"))
        #expect(Self.code(term) == "lock-lost")
        term.renewed(Lease(name: "descry-dev"), validUntil: hand.now + .seconds(7))
        #expect(Self.code(term) == "lock-lost")
    }

    /// What ends the wait of a write, and what it then does: nil means that it is sent.
    @Test(arguments: ["renewed", "lost", "refused", "cancelled"])
    func `a write waits while the lease is late`(_ end: String) async {
        let hand = Hand()
        let term = Self.term(hand)
        hand.pass(7)
        let write = Task { () -> String? in
            do {
                try await term.permit()
                return nil
            } catch let error as KubernetesError {
                return error.code
            } catch {
                return "cancelled"
            }
        }
        switch end {
        case "renewed": term.renewed(Lease(name: "descry-dev"), validUntil: hand.now + .seconds(7))
        case "lost": term.lost(.lost(to: nil, environment: "DEV"))
        case "refused": term.notRenewed(Self.refusal)
        default: write.cancel()
        }
        let expected = ["renewed": nil, "lost": "lock-lost", "refused": "forbidden", "cancelled": "cancelled"]
        #expect(await write.value == expected[end] ?? nil)
    }
}
