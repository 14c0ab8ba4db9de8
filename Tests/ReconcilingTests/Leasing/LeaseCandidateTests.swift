import FoundationEssentials
import Kubernetes
import Testing

@testable import Reconciling

/// What one who wants a lease does next, by what it sees and how long it has seen it.
@Suite struct LeaseCandidateTests {
    private static let start = ContinuousClock.now
    private static let timing = LeaseTiming()
    /// Years from now: what another machine's clock says is nobody's business.
    private static let renewed = MicroTime(Date(timeIntervalSince1970: 4e9))

    private static func held(
        by holder: String, requestedBy: String? = nil, seconds: Int? = 10, renewed: MicroTime = renewed
    ) -> Lease {
        Lease(
            name: "descry-dev", resourceVersion: "7",
            annotations: ["other": "stays"].merging(
                requestedBy.map { [LeaseCandidate.requestAnnotation: $0] } ?? [:], uniquingKeysWith: { $1 }),
            term: .init(holder: holder, seconds: seconds, acquired: renewed, renewed: renewed, transitions: 4))
    }

    private static func candidate(_ claim: LeaseClaim = .command, _ identity: String = "me") -> LeaseCandidate {
        LeaseCandidate(
            holder: LeaseHolder(identity: identity), claim: claim, environment: "DEV", timing: timing)
    }

    /// What it is called in a table.
    private static func name(_ step: LeaseCandidate.Step) -> String {
        switch step {
        case .take: "take"
        case .request: "request"
        case .wait(_, let state): "wait for \(state.holder ?? "the turn")"
        }
    }

    /// A lease, who looks, after how long of seeing it unchanged, and what follows. A command takes what is free at once and asks a
    /// holder; one who has been asked already is not asked again; what is given back for another is left to it for five seconds; a
    /// lease ends after ten seconds without a change, or later where its holder says so, within bounds.
    @Test(
        arguments: [
            (nil, 0, "take"),
            (held(by: ""), 0, "take"),
            (held(by: "", requestedBy: "me"), 0, "take"),
            (held(by: "", requestedBy: "other"), 0, "wait for the turn"),
            (held(by: "", requestedBy: "other"), 4.9, "wait for the turn"),
            (held(by: "", requestedBy: "other"), 5, "take"),
            (held(by: "loop"), 0, "request"),
            (held(by: "loop", requestedBy: "me"), 0, "wait for loop"),
            (held(by: "loop", requestedBy: "other"), 0, "wait for loop"),
            (held(by: "loop", requestedBy: "loop"), 0, "request"),
            (held(by: "loop", requestedBy: "me"), 9.9, "wait for loop"),
            (held(by: "loop", requestedBy: "me"), 10, "take"),
            (held(by: "loop", requestedBy: "other"), 9.9, "wait for loop"),
            // A holder that is lost has given it back for nobody, and whoever had asked it may be lost as well.
            (held(by: "loop", requestedBy: "other"), 10, "take"),
            (held(by: "loop", requestedBy: "me", seconds: nil), 10, "take"),
            (held(by: "loop", requestedBy: "me", seconds: 1), 9.9, "wait for loop"),
            (held(by: "loop", requestedBy: "me", seconds: 20), 19.9, "wait for loop"),
            (held(by: "loop", requestedBy: "me", seconds: 20), 20, "take"),
            (held(by: "loop", requestedBy: "me", seconds: 2_000_000_000), 60, "take"),
            (held(by: "loop", requestedBy: "me", seconds: -5), 10, "take"),
            // A process of the same name is another process.
            (held(by: "me"), 9.9, "request"),
        ] as [(Lease?, Double, String)])
    func `a command`(lease: Lease?, after seconds: Double, does step: String) {
        var candidate = Self.candidate()
        _ = candidate.step(lease, name: "descry-dev", at: Self.start, date: Date(), chance: 0)
        let then = candidate.step(
            lease, name: "descry-dev", at: Self.start + .seconds(seconds), date: Date(), chance: 0)
        #expect(Self.name(then) == step)
    }

    /// Whatever the holder writes, a change of it is a sign of life. The annotation is none.
    @Test func `any renewal starts the wait anew, and a request does not`() {
        var candidate = Self.candidate()
        var time = Self.start
        for back in 0..<5 {
            // The holder's clock goes back by an hour each time.
            let renewed = MicroTime(Date(timeIntervalSince1970: 2e9 - 3600 * Double(back)))
            let lease = Self.held(by: "loop", requestedBy: "me", renewed: renewed)
            #expect(Self.name(candidate.step(lease, name: "x", at: time, date: Date(), chance: 0)) == "wait for loop")
            time += .seconds(9.9)
        }
        let last = MicroTime(Date(timeIntervalSince1970: 2e9 - 3600 * 4))
        let asked = Self.held(by: "loop", requestedBy: "me", renewed: last)
        #expect(Self.name(candidate.step(asked, name: "x", at: time, date: Date(), chance: 0)) == "wait for loop")
        time += .seconds(0.1)
        #expect(Self.name(candidate.step(asked, name: "x", at: time, date: Date(), chance: 0)) == "take")
    }

    /// Nothing of others is lost, and the request that was served is gone.
    @Test(arguments: ["me", "other"]) func `what is taken`(requestedBy: String) throws {
        var candidate = Self.candidate()
        let lease = Self.held(by: "", requestedBy: requestedBy)
        _ = candidate.step(lease, name: "descry-dev", at: Self.start, date: Date(), chance: 0)
        let date = Date(timeIntervalSince1970: 1_700_000_000.5)
        guard
            case .take(let taken) = candidate.step(
                lease, name: "descry-dev", at: Self.start + .seconds(10), date: date, chance: 0)
        else {
            Issue.record("it is free")
            return
        }
        #expect(taken.annotations == ["other": "stays"])
        #expect(taken.resourceVersion == "7")
        #expect(
            taken.term
                == .init(
                    holder: "me", seconds: 10, acquired: MicroTime(date), renewed: MicroTime(date), transitions: 5))
        #expect(taken.term.renewed?.description == "2023-11-14T22:13:20.500000Z")
    }

    /// A replica waits for its turn, by its rank, and asks a holder that ranks behind it once it has been up for a while.
    @Test func `a replica`() {
        let names = (0..<50).map { "replica-\($0)" }.sorted {
            Rendezvous.rank("DEV", $0) < Rendezvous.rank("DEV", $1)
        }
        let (first, last) = (names[0], names[49])
        let rank = Rendezvous.rank("DEV", last)
        for (seconds, step) in [
            (0, "wait for the turn"), (rank * 1.5 - 0.01, "wait for the turn"), (rank * 1.5 + 0.01, "take"),
        ] {
            var replica = Self.candidate(.replica(upSince: Self.start), last)
            _ = replica.step(nil, name: "x", at: Self.start, date: Date(), chance: 0)
            let then = replica.step(nil, name: "x", at: Self.start + .seconds(seconds), date: Date(), chance: 0)
            #expect(Self.name(then) == step)
        }
        for (identity, holder, seconds, step) in [
            (first, last, 29.0, "wait for \(last)"), (first, last, 30, "request"),
            (last, first, 1000, "wait for \(first)"),
            (first, first, 1000, "wait for \(first)"),
        ] {
            var replica = Self.candidate(.replica(upSince: Self.start - .seconds(seconds)), identity)
            let then = replica.step(Self.held(by: holder), name: "x", at: Self.start, date: Date(), chance: 0)
            #expect(Self.name(then) == step)
        }
    }

    /// The default timing keeps the promise of 15 seconds: the death right after a renewal, seen as late as may be, and the worst
    /// rank. And a holder stops writing before anybody else may begin, although the clocks' pace differs by a quarter.
    @Test func `a lost holder's environments move within 15 seconds`() {
        let timing = LeaseTiming()
        let seen = LeaseTiming.jittered(timing.look, chance: 1)
        #expect(seen + timing.duration + timing.spread < .seconds(15))
        #expect(timing.validity < timing.duration * 0.75)
        #expect(LeaseTiming.jittered(timing.renewal, chance: 1) + timing.retry * 2 < timing.validity)
        #expect(timing.duration(of: nil) == timing.duration)
    }
}
