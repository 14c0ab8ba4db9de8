import Git
import Testing

@testable import Reconciling

/// What an environment's loop does next, by all that it may be told.
@Suite struct EnvironmentAgendaTests {
    private let start = ContinuousClock.now
    private let one: CommitID
    private let two: CommitID
    private var agenda: EnvironmentAgenda

    init() throws {
        one = try CommitID(String(repeating: "1", count: 40))
        two = try CommitID(String(repeating: "2", count: 40))
        agenda = EnvironmentAgenda(
            resyncInterval: .seconds(600), backOff: BackOff(first: .seconds(5), longest: .seconds(300)))
    }

    private func later(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private mutating func pass(_ commit: CommitID, _ end: EnvironmentAgenda.End, at seconds: Double = 0) {
        agenda.moved(to: commit)
        agenda.began(commit)
        agenda.ended(end, later(seconds), chance: 0.5)
    }

    @Test mutating func `nothing is done before the branch is known, then a pass`() {
        #expect(agenda.next(start) == .wait(until: nil))
        agenda.moved(to: one)
        #expect(agenda.next(start) == .pass(.start, one))
        agenda.began(one)
        #expect(agenda.next(start) == .wait(until: nil), "one pass at a time")
    }

    @Test mutating func `after a pass it waits for a commit, and looks now and then`() {
        pass(one, .done)
        #expect(agenda.isUpToDate)
        #expect(agenda.next(start) == .wait(until: later(600)))
        #expect(agenda.next(later(600)) == .pass(.resync, one))
        agenda.moved(to: two)
        #expect(!agenda.isUpToDate)
        #expect(agenda.next(later(1)) == .pass(.commit, two))
    }

    /// A commit that comes in the middle of a pass is not forgotten, and neither is one that takes another back.
    @Test mutating func `what happens during a pass is done after it`() {
        agenda.moved(to: one)
        agenda.began(one)
        agenda.moved(to: two)
        agenda.asked(.drift)
        #expect(agenda.next(start) == .wait(until: nil))
        agenda.ended(.done, start, chance: 0.5)
        #expect(agenda.next(start) == .pass(.commit, two))
        agenda.began(two)
        agenda.ended(.preempted, start, chance: 0.5)
        agenda.moved(to: two)
        #expect(agenda.next(start) == .pass(.commit, two), "whatever pre-empted it is gone again")
    }

    @Test mutating func `a failure is repeated after a pause that grows, with jitter`() {
        pass(one, .failed(retryAfter: nil))
        #expect(agenda.next(start) == .wait(until: later(3.75)))
        #expect(agenda.next(later(3.75)) == .pass(.retry, one))
        pass(one, .failed(retryAfter: nil))
        #expect(agenda.next(start) == .wait(until: later(7.5)))
        for _ in 0..<20 { pass(one, .failed(retryAfter: nil)) }
        #expect(agenda.next(start) == .wait(until: later(225)), "three quarters of five minutes, by this chance")
        pass(one, .failed(retryAfter: .seconds(400)))
        #expect(agenda.next(start) == .wait(until: later(400)), "what the server asks for goes over it")
    }

    /// What failed says nothing about another commit.
    @Test mutating func `a new commit does not wait for the pause`() {
        for _ in 0..<5 { pass(one, .failed(retryAfter: nil)) }
        agenda.moved(to: two)
        #expect(agenda.next(start) == .pass(.commit, two))
        pass(two, .failed(retryAfter: nil))
        #expect(agenda.next(start) == .wait(until: later(3.75)))
    }

    @Test(arguments: [EnvironmentAgenda.End.done, .refused])
    mutating func `a hint repeats a pass that failed, and no other`(end: EnvironmentAgenda.End) {
        pass(one, end)
        agenda.hinted()
        #expect(agenda.next(start) == .wait(until: later(600)))
        pass(one, .failed(retryAfter: nil))
        agenda.hinted()
        #expect(agenda.next(start) == .pass(.retry, one))
    }

    /// The window's opening is a time, somebody's approval a hint or a look; a new commit is always worth a pass.
    @Test mutating func `changes that wait are looked at when that may be over`() {
        pass(one, .waiting(look: .seconds(60)))
        #expect(agenda.isWaiting && !agenda.isUpToDate && agenda.failures == 0)
        #expect(agenda.next(start) == .wait(until: later(60)))
        #expect(agenda.next(later(60)) == .pass(.waiting, one))
        agenda.hinted()
        #expect(agenda.next(start) == .pass(.waiting, one))
        agenda.moved(to: two)
        #expect(agenda.next(start) == .pass(.commit, two))
        pass(two, .waiting(look: nil))
        #expect(agenda.next(start) == .wait(until: later(600)), "now and then, where no time is known")
        pass(two, .waiting(look: .seconds(-1)))
        #expect(agenda.next(start) == .wait(until: later(0.1)), "clocks differ by a moment")
    }

    @Test mutating func `refused input waits for another commit`() {
        pass(one, .refused)
        #expect(agenda.next(later(599)) == .wait(until: later(600)))
        agenda.moved(to: two)
        #expect(agenda.next(later(1)) == .pass(.commit, two))
    }

    @Test mutating func `without a watch it looks more often`() {
        pass(one, .done)
        agenda.resync(every: .seconds(60), start, chance: 0.5)
        #expect(agenda.next(start) == .wait(until: later(60)))
        pass(one, .done)
        #expect(agenda.next(start) == .wait(until: later(60)))
    }
}
