import Testing

@testable import Kubernetes

@Suite struct WatchPlanTests {
    /// What happens to an observation, in the order it happens.
    enum Happening: Sendable {
        case listed(String)
        case event(String)
        case ends(WatchPlan.Ending, pause: Duration?)
    }

    /// Each row is a story and the step it leads to. Chance is 1, so pauses are whole: 0.2 s, 0.4 s, … 30 s.
    @Test(
        arguments: [
            // In good order, after minutes or after an event: at once, from the newest moment.
            ([.listed("7"), .ends(.clean(lasted: .seconds(300)), pause: nil)], .watch(resourceVersion: "7")),
            (
                [.listed("7"), .event("9"), .ends(.clean(lasted: .zero), pause: nil)],
                .watch(resourceVersion: "9")
            ),
            // In good order but at once and empty, again and again: a proxy; no busy loop.
            (
                [
                    .listed("7"), .ends(.clean(lasted: .zero), pause: .milliseconds(200)),
                    .ends(.clean(lasted: .zero), pause: .milliseconds(400)),
                ], .watch(resourceVersion: "7")
            ),
            // Broken: pauses double, and start anew after progress.
            (
                [
                    .listed("7"), .ends(.broken(lasted: .zero), pause: .milliseconds(200)),
                    .ends(.broken(lasted: .zero), pause: .milliseconds(400)),
                    .event("9"), .ends(.broken(lasted: .zero), pause: .milliseconds(200)),
                ], .watch(resourceVersion: "9")
            ),
            // Broken after it held, without an event: a load balancer that cuts what is idle.
            (
                [
                    .listed("7"), .ends(.broken(lasted: .seconds(60)), pause: .milliseconds(200)),
                    .ends(.broken(lasted: .seconds(60)), pause: .milliseconds(200)),
                ], .watch(resourceVersion: "7")
            ),
            // The list itself fails.
            (
                [
                    .ends(.broken(lasted: .zero), pause: .milliseconds(200)),
                    .ends(.broken(lasted: .zero), pause: .milliseconds(400)),
                ], .list
            ),
            // A list that succeeds is no progress while the watch after it fails each time.
            (
                [
                    .listed("7"), .ends(.unreadable, pause: .milliseconds(200)), .listed("8"),
                    .ends(.unreadable, pause: .milliseconds(400)), .listed("9"),
                    .ends(.unreadable, pause: .milliseconds(800)),
                ], .list
            ),
            // Even where events came before the one that cannot be read.
            (
                [
                    .listed("7"), .event("8"), .ends(.unreadable, pause: .milliseconds(200)), .listed("8"), .event("8"),
                    .ends(.unreadable, pause: .milliseconds(400)),
                ], .list
            ),
            // Gone: the first time at once; in a row with pauses.
            ([.listed("7"), .ends(.gone, pause: nil)], .list),
            (
                [
                    .listed("7"), .ends(.gone, pause: nil), .listed("8"), .ends(.gone, pause: .milliseconds(400)),
                    .listed("9"), .event("10"), .ends(.gone, pause: nil),
                ], .list
            ),
            // An event without a version does not lose the moment.
            (
                [.listed("7"), .event(""), .ends(.broken(lasted: .zero), pause: .milliseconds(200))],
                .watch(resourceVersion: "7")
            ),
        ] as [([Happening], WatchPlan.Step)])
    func leadsTo(story: [Happening], step: WatchPlan.Step) {
        var plan = WatchPlan()
        for happening in story {
            switch happening {
            case .listed(let version): plan.listed(resourceVersion: version)
            case .event(let version): plan.advanced(to: version)
            case .ends(let ending, let pause): #expect(plan.ended(ending, chance: 1) == pause)
            }
        }
        #expect(plan.step == step)
    }

    @Test func pausesHaveALimit() {
        var plan = WatchPlan()
        var longest = Duration.zero
        for _ in 0..<100 { longest = max(longest, plan.ended(.broken(lasted: .zero), chance: 1) ?? .zero) }
        #expect(longest == .seconds(30))
    }
}
