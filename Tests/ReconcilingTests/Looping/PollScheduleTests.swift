import Testing

@testable import Reconciling

/// When a repository is asked: often enough, and no server is ever asked more than that.
@Suite struct PollScheduleTests {
    private let start = ContinuousClock.now
    private var schedule: PollSchedule

    init() { schedule = PollSchedule(interval: .seconds(60), now: start) }

    private mutating func poll(at offset: Duration) {
        schedule.started(start + offset)
        schedule.answered(start + offset, chance: 0.5)
    }

    @Test func `the first question is due at once, and one at a time is asked`() {
        var schedule = schedule
        #expect(schedule.due == start)
        schedule.started(start)
        #expect(schedule.due == nil)
    }

    /// So that replicas that began together do not stay together.
    @Test(arguments: [(0.0, 54.0), (0.5, 60), (0.99, 65.88)])
    func `in peace it is asked once an interval, a tenth more or less`(chance: Double, seconds: Double) {
        var schedule = schedule
        schedule.started(start)
        schedule.answered(start, chance: chance)
        let pause = (schedule.due ?? start) - start
        #expect(pause > .seconds(seconds - 0.001) && pause < .seconds(seconds + 0.001))
    }

    @Test mutating func `a hint is followed at once, and a flood of them by one question`() {
        poll(at: .zero)
        schedule.hinted(start + .seconds(10))
        #expect(schedule.due == start + .seconds(10))
        schedule.started(start + .seconds(10))
        for _ in 0..<200 { schedule.hinted(start + .seconds(10)) }
        #expect(schedule.due == nil, "while it is being asked")
        schedule.answered(start + .seconds(10), chance: 0.5)
        #expect(schedule.due == start + .seconds(10.25), "what was hinted meanwhile may not be in the answer")
        poll(at: .seconds(10.25))
        #expect(schedule.due == start + .seconds(70.25))
    }

    @Test mutating func `failures are asked about less and less often, up to five minutes`() {
        var pauses: [Duration] = []
        var now = start
        for _ in 0..<12 {
            schedule.started(now)
            schedule.failed(now, retryAfter: nil, chance: 1)
            let due = schedule.due ?? now
            pauses.append(due - now)
            now = due
        }
        #expect(pauses.prefix(3) == [.seconds(1), .seconds(2), .seconds(4)])
        #expect(pauses.last == .seconds(300))
        schedule.started(now)
        schedule.answered(now, chance: 0.5)
        schedule.started(now)
        schedule.failed(now, retryAfter: nil, chance: 1)
        #expect(schedule.due == now + .seconds(1), "an answer ends the row")
    }

    /// A hint says that the server lives; what the server itself asks for is kept.
    @Test(arguments: [(nil, 0.25), (Duration.seconds(120), 120)])
    mutating func `a hint ends a wait, but not the server's own`(retryAfter: Duration?, seconds: Double) {
        schedule.started(start)
        for _ in 0..<10 { schedule.failed(start, retryAfter: retryAfter, chance: 1) }
        schedule.hinted(start)
        #expect(schedule.due == start + .seconds(seconds))
    }
}
