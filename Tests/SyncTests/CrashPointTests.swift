import Kubernetes
import Reconciling
import Reporting
import Sandbox
import Scenes
import TestServers
import Testing

/// A pass that is killed between any two of its writes, `kill -9`: the next one must end where an uninterrupted one would. A
/// write is the patch of a workload, the deletion of a pod, the creation or deletion of a canary or of a check's Job, or one of the
/// history. A rollout that nobody would wait for any more is not given up before the suite is.
@Suite(.timeLimit(.minutes(20))) struct CrashPointTests {
    /// Every write of the scenario is a crash point twice: it was not carried out, and it was but its answer never came. For the
    /// cluster the first is the same as the second at the write before; so where another descriptor follows, only the second is
    /// tried, and a death before anything was written.
    @Test(arguments: CrashScenario.all)
    func `the next pass ends as if the killed one had not been`(scenario: CrashScenario) async throws {
        let whole = try await UninterruptedEnd(scenario, .same)
        let expected =
            !scenario.fails
            ? Reporting.ExitStatus.done : scenario.onFailure == "stop" ? .rolloutFailed : .rolledBack
        #expect(whole.status == expected)
        try #require(whole.writes.count >= scenario.names.count + 1, "\(whole.writes)")
        for next in scenario.nexts {
            let end = try await UninterruptedEnd(scenario, next)
            let points = 1...whole.writes.count
            let moments =
                next == .same
                ? points.flatMap { [CrashPoint.Moment.before($0), .after($0)] }
                : [.before(1)] + points.map { .after($0) }
            let tried = try await concurrentMap(moments, limit: 4) { moment in
                try await Self.kill(scenario, at: moment, next, whole, end)
            }
            #expect(tried == moments, "every crash point was reached: \(whole.writes)")
        }
    }

    /// - Returns: the moment, where the pass came to it.
    private static func kill(
        _ scenario: CrashScenario, at moment: CrashPoint.Moment, _ next: CrashScenario.Next, _ whole: UninterruptedEnd,
        _ end: UninterruptedEnd
    ) async throws -> CrashPoint.Moment {
        var tried = CrashPoint.Moment.never
        try await scenario.run { scene, initial in
            let killed = try await scene.commit(scenario.killed)
            let crash = scene.sandbox.faults.crash(scene.deployer, moment)
            // Nobody hears what a killed pass says.
            do { _ = try await scene.apply(clock: scenario.clock) } catch is KubernetesError {}
            let left = NamespaceState(scene.sandbox, commits: [killed: "\(CrashScenario.Next.same)"])
            if crash.isReached { tried = moment }
            let done = crash.writes

            let commit = next == .same ? killed : try await scene.commit(scenario.descriptor(next))
            let outcome = try await scene.apply(
                as: scene.sandbox.account("rescuer", namespace: "shop", rules: scenario.rules), clock: scenario.clock)
            #expect(crash.writes == done, "the killed pass has written nothing since")

            let row = Comment(
                "\(scenario.testDescription), killed \(moment) of \(whole.writes), then \(next): \(outcome.report.apps.compactMap(\.failure))"
            )
            var commits = [killed: "\(CrashScenario.Next.same)"]
            commits[commit] = "\(next)"
            let state = NamespaceState(scene.sandbox, commits: commits)
            let history = try await scene.history()
            #expect(history.allSatisfy { $0.finishedAt != nil || $0.outcome == .interrupted }, row)
            let newest = try #require(history.first, row)
            check(row, next, outcome, newest, whole, end, left: left, initial: initial, state: state, moment)
        }
        return tried
    }

    private static func check(
        _ row: Comment, _ next: CrashScenario.Next, _ outcome: Sync.Outcome, _ newest: Deployment,
        _ whole: UninterruptedEnd, _ end: UninterruptedEnd, left: NamespaceState, initial: NamespaceState,
        state: NamespaceState, _ moment: CrashPoint.Moment
    ) {
        switch next {
        case .same, .fixed:
            #expect(state == end.state, row)
            #expect(newest.outcome == end.outcome, row)
            if end.status == .done { #expect(newest.apps.allSatisfy { $0.outcome == .proven }, row) }
            // The history says already that this descriptor has failed.
            let isKnown = next == .same && moment == .after(whole.writes.count) && whole.status == .rolledBack
            #expect(outcome.status == (isKnown ? .refused : end.status), row)
        case .withoutLast:
            #expect(outcome.status == .done, row)
            #expect(newest.outcome == .proven, row)
            // A killed deployment all of which has come to run by itself is complete.
            let goesOn = outcome.report.notes.contains { $0.contains("did not end") }
            let last = whole.last
            let isComplete = !goesOn && left.images == whole.state.images
            if !goesOn { #expect(left.images == initial.images || left.images == whole.state.images, row) }
            #expect(state.apps[last] == (isComplete ? whole.state : initial).apps[last], row)
            #expect(state.apps.filter { $0.key != last } == end.state.apps.filter { $0.key != last }, row)
        case .firstFails, .lastFails:
            #expect(outcome.status == .rolledBack, row)
            #expect(newest.outcome == .rolledBack, row)
            // A killed deployment all of which has come to run by itself is complete, and no longer taken back.
            let goesOn = outcome.report.notes.contains { $0.contains("did not end") }
            let isComplete = !goesOn && left.images == whole.state.images
            if !goesOn { #expect(left.images == initial.images || left.images == whole.state.images, row) }
            #expect(state == (isComplete ? whole.state : initial), row)
            for app in newest.apps {
                #expect(app.before.images[app.app] == state.images[app.app], row)
            }
        }
    }
}
