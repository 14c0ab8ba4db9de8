import Testing
import Workloads

@testable import Rollouts

/// Many rollouts at once: an event may only touch its own, and no deadline may be missed.
@Suite struct RolloutBoardTests {
    private static func target(_ name: String, timeout: Duration) -> RolloutTarget {
        RolloutTarget(
            key: WorkloadKey(kind: .statefulSet, name: name), uid: "uid-\(name)", generation: 2,
            images: ["web": Samples.new], timeout: timeout)
    }

    private static func workload(_ name: String, ready: Int) -> Workload {
        var workload = Samples.finished(replicas: 1)
        workload.key = WorkloadKey(kind: .statefulSet, name: name)
        workload.uid = "uid-\(name)"
        workload.status.ready = ready
        return workload
    }

    private static func pod(_ name: String, isReady: Bool, states: [ContainerState]? = nil) -> PodState {
        var pod = Samples.pod("\(name)-0", isReady: isReady, states: states)
        pod.ownerUID = "uid-\(name)"
        return pod
    }

    private static let names = (0..<100).map { "app-\($0)" }

    @Test("an event changes the verdict of its own rollout only")
    func events() {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        let begun = board.begin(
            Self.names.map { (Self.target($0, timeout: .seconds(60)), Self.workload($0, ready: 0)) }, at: start)
        #expect(begun.count == 100 && !board.isFinished)
        #expect(board.replacePods(with: Self.names.map { Self.pod($0, isReady: false) }, at: start).isEmpty)

        // Ready pods alone prove nothing; with the status they do.
        let key = WorkloadKey(kind: .statefulSet, name: "app-7")
        #expect(board.update(Self.pod("app-7", isReady: true), at: start).isEmpty)
        let proven = board.update(Self.workload("app-7", ready: 1), at: start)
        #expect(Array(proven.keys) == [key] && proven[key]?.isFinal == true)

        let bad = Self.pod("app-9", isReady: false, states: [Samples.waiting("InvalidImageName", "no")])
        #expect(board.update(bad, at: start).map(\.key.name) == ["app-9"])
        #expect(
            board.removeWorkload(WorkloadKey(kind: .statefulSet, name: "app-8"), at: start).map(\.key.name) == ["app-8"]
        )
        // Workloads that nobody rolls out, and rollouts that have ended, change nothing.
        #expect(board.update(Self.workload("stranger", ready: 1), at: start).isEmpty)
        #expect(board.update(Self.pod("app-9", isReady: true), at: start).isEmpty)
        #expect(board.unfinished.count == 97)
    }

    /// A watch or a list that was begun before an object was made lacks it, or has one of its name that had to make place.
    @Test("what a watch tells of the time before an object was made is not told of it")
    func late() {
        let start = ContinuousClock.now
        let key = WorkloadKey(kind: .statefulSet, name: "app-0")
        let made = Self.workload("app-0", ready: 0)
        var older = made
        older.uid = "older"
        var board = RolloutBoard()
        board.follow([key])
        _ = board.begin([(Self.target("app-0", timeout: .seconds(60)), made)], areNew: true, at: start)
        #expect(board.replaceWorkloads(of: .statefulSet, with: [], at: start).isEmpty)
        #expect(board.replaceWorkloads(of: .statefulSet, with: [older], at: start).isEmpty)
        #expect(board.update(older, at: start).isEmpty)
        #expect(board.removeWorkload(key, uid: "older", at: start).isEmpty)
        #expect(board.workload(key)?.uid == made.uid)
        // Once it was shown, all of it counts.
        #expect(board.update(made, at: start).isEmpty)
        #expect(board.removeWorkload(key, uid: "older", at: start).isEmpty)
        var isDeleted = board
        #expect(isDeleted.removeWorkload(key, uid: made.uid, at: start)[key]?.isFinal == true)
        #expect(board.replaceWorkloads(of: .statefulSet, with: [], at: start)[key]?.isFinal == true)
    }

    @Test("the next deadline is the first of all, graces included, and tick judges those that are due")
    func deadlines() {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        _ = board.begin(
            Self.names.enumerated().map { (Self.target($1, timeout: .seconds(60 + $0)), Self.workload($1, ready: 0)) },
            at: start)
        #expect(board.nextDeadline() == start + .seconds(60))
        let unclear = Self.pod("app-50", isReady: false, states: [Samples.waiting("ErrImagePull", "rpc error")])
        _ = board.update(unclear, at: start + .seconds(5))
        #expect(board.nextDeadline() == start + .seconds(6))
        #expect(board.tick(at: start + .milliseconds(5999)).isEmpty)
        #expect(board.tick(at: start + .seconds(6)).map(\.key.name) == ["app-50"])
        #expect(board.nextDeadline() == start + .seconds(60))
        #expect(board.tick(at: start + .seconds(61)).count == 2)
        #expect(board.nextDeadline() == start + .seconds(62))
        #expect(board.tick(at: start + .seconds(500)).count == 97)
        #expect(board.isFinished && board.nextDeadline() == nil)
    }

    @Test("an older object from the watch does not undo the patch's answer")
    func staleWatch() {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        _ = board.begin([(Self.target("app", timeout: .seconds(60)), Self.workload("app", ready: 0))], at: start)
        var stale = Self.workload("app", ready: 1)
        stale.generation = 1
        stale.containers = [Container(name: "web", image: Samples.old)]
        #expect(board.update(stale, at: start).isEmpty)
        #expect(board.workload(stale.key)?.generation == 2)
        // A list without it means that it is gone.
        let gone = board.replaceWorkloads(of: .statefulSet, with: [], at: start)
        #expect(gone.values.allSatisfy(\.isFinal) && gone.count == 1)
    }

    @Test("a rollout begun anew is judged anew")
    func again() {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        let target = Self.target("app", timeout: .seconds(60))
        _ = board.begin([(target, Self.workload("app", ready: 0))], at: start)
        _ = board.tick(at: start + .seconds(60))
        #expect(board.isFinished)
        _ = board.begin([(target, Self.workload("app", ready: 0))], at: start + .seconds(70))
        #expect(!board.isFinished && board.nextDeadline() == start + .seconds(130))
        _ = board.replacePods(with: [Self.pod("app", isReady: true)], at: start + .seconds(71))
        _ = board.update(Self.workload("app", ready: 1), at: start + .seconds(71))
        #expect(board.isFinished)
    }

    /// What is to go back is not judged by where it was to go: the patch that takes it back would fail it as superseded.
    @Test func `a rollout that is given up has no verdict any more`() {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        let target = Self.target("app", timeout: .seconds(60))
        _ = board.begin([(target, Self.workload("app", ready: 0))], at: start)
        board.abandon(target.key)
        #expect(board.isFinished && board.nextDeadline() == nil && board.verdicts.isEmpty)
        var back = Self.workload("app", ready: 1)
        back.generation = 3
        back.containers = [Container(name: "web", image: Samples.old)]
        #expect(board.update(back, at: start).isEmpty)
        #expect(board.workload(target.key)?.generation == 3, "what is seen is still kept")
        board.abandon(target.key)
        #expect(board.isFinished)
    }

    /// The answer to a patch and the watch race: whichever comes first, the newer status counts, and none is lost.
    @Test(arguments: [false, true])
    func `the watch may be faster than the answer to the patch`(isFirstRollout: Bool) {
        let start = ContinuousClock.now
        var board = RolloutBoard()
        let target = Self.target("app", timeout: .seconds(60))
        board.follow([target.key])
        if !isFirstRollout {
            var failing = Self.workload("app", ready: 1)
            failing.generation = 1
            _ = board.begin([(target, failing)], at: start)
        }
        _ = board.replacePods(with: [Self.pod("app", isReady: true)], at: start)
        _ = board.update(Self.workload("app", ready: 1), at: start)
        var answer = Self.workload("app", ready: 0)
        answer.status.observedGeneration = 1
        let begun = board.begin([(target, answer)], at: start)
        #expect(begun[target.key]?.isFinal == true, "\(begun)")
    }
}
