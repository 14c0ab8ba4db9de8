import Testing
import Workloads

@testable import Rollouts

/// What ends the watching of canaries, and what does not.
@Suite struct CanaryHoldTests {
    typealias Scene = (workload: Workload, pods: [PodState])

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var kind: WorkloadKind = .statefulSet
        /// Nil: it goes on.
        let code: RolloutFailure.Code?
        /// Part of the message.
        var words = ""
        let change: @Sendable (inout Scene) -> Void
        var testDescription: String { "\(kind.rawValue): \(name)" }
    }

    static let hold = Duration.seconds(300)

    /// Two canaries of four pods of a StatefulSet, or the two pods of a canary Deployment.
    static func scene(_ kind: WorkloadKind) -> (target: RolloutTarget, scene: Scene) {
        var target = Samples.target(kind)
        guard kind == .statefulSet else {
            return (target, (Samples.finished(kind, replicas: 2), Samples.pods(of: kind, count: 2)))
        }
        target.partition = 2
        var workload = Samples.finished(replicas: 4)
        workload.strategy.partition = 2
        workload.status.updated = 2
        workload.status.currentRevision = "web-1"
        var pods = Samples.pods(count: 4)
        for index in 0..<2 { pods[index] = Samples.pod("web-\(index)", image: Samples.old, revision: "web-1") }
        return (target, (workload, pods))
    }

    private static let kinds: [WorkloadKind] = [.statefulSet, .deployment]

    private static func ended(_ code: Int) -> ContainerState.Termination {
        .init(reason: "Error", message: "boom", exitCode: code)
    }

    // A restart, seen while it happens or known by its count only.
    static let restarts = kinds.flatMap { kind in
        [
            Row(name: "the count rose, ready again", kind: kind, code: .canaryRestarted, words: "exit code 3: boom") {
                $0.pods.withLast { pod in
                    pod.containerStates[0].restartCount = 1
                    pod.containerStates[0].lastTermination = ended(3)
                }
            },
            Row(name: "the count rose, and nobody knows why", kind: kind, code: .canaryRestarted, words: "nobody saw") {
                $0.pods.withLast { $0.containerStates[0].restartCount = 1 }
            },
            Row(name: "ended just now", kind: kind, code: .canaryRestarted, words: "exit code 137") {
                $0.pods.withLast { pod in
                    pod.conditions = []
                    pod.containerStates[0].phase = .terminated(ended(137))
                }
            },
            Row(name: "ended with 0: it was to run on", kind: kind, code: .canaryRestarted, words: "exit code 0") {
                $0.pods.withLast { $0.containerStates[0].phase = .terminated(ended(0)) }
            },
            Row(name: "an init container ended long ago", kind: kind, code: nil) {
                $0.pods.withLast {
                    $0.initContainerStates = [
                        ContainerState(name: "migrate", isReady: true, phase: .terminated(ended(0)))
                    ]
                }
            },
            Row(name: "a sidecar restarted", kind: kind, code: .canaryRestarted) {
                $0.pods.withLast {
                    $0.initContainerStates = [
                        ContainerState(name: "proxy", isReady: true, restartCount: 1, phase: .running)
                    ]
                }
            },
        ]
    }

    // Readiness lost, if only for one look.
    static let readiness = kinds.map { kind in
        Row(name: "not ready", kind: kind, code: .canaryNotReady, words: "readiness probe") {
            $0.pods.withLast { pod in
                pod.conditions = [WorkloadCondition(type: "Ready", status: "False")]
                pod.containerStates[0].isReady = false
            }
        }
    }

    // The canary is no more: nothing is known of the version by that.
    static let absences = kinds.flatMap { kind in
        [
            Row(name: "gone", kind: kind, code: .canaryGone) { $0.pods.removeLast() },
            Row(name: "made anew", kind: kind, code: .canaryGone) { $0.pods.withLast { $0.uid = "another" } },
            Row(name: "being deleted", kind: kind, code: .canaryGone) { $0.pods.withLast { $0.isBeingDeleted = true } },
            Row(name: "evicted", kind: kind, code: .canaryGone, words: "Evicted: low on memory") {
                $0.pods.withLast { pod in
                    pod.phase = "Failed"
                    pod.reason = "Evicted"
                    pod.message = "low on memory"
                }
            },
        ]
    }

    // The workload as a whole.
    static let lifecycle = kinds.flatMap { kind in
        [
            Row(name: "another image", kind: kind, code: .superseded) {
                $0.workload.generation = 3
                $0.workload.containers[0].image = Samples.old
            },
            Row(name: "deleted", kind: kind, code: .deleted) { $0.workload.isBeingDeleted = true },
            Row(name: "made anew", kind: kind, code: .replaced) { $0.workload.uid = "another" },
            Row(name: "scaled up", kind: kind, code: nil) {
                $0.workload.generation = 3
                $0.workload.replicas += 1
            },
        ]
    }

    // What befalls the others is not the canaries' fault; a StatefulSet's partition is what keeps them from following.
    static let others = [
        Row(name: "an old pod restarts and is not ready", code: nil) {
            $0.pods[0].conditions = []
            $0.pods[0].containerStates[0].restartCount = 4
            $0.workload.status.ready = 3
        },
        Row(name: "an old pod is replaced", code: nil) { $0.pods[1].uid = "another" },
        Row(name: "the partition is moved", code: .superseded) {
            $0.workload.generation = 3
            $0.workload.strategy.partition = 0
        },
        Row(name: "scaled down to the partition", code: .canaryGone) { $0.pods.removeLast(2) },
    ]

    @Test(arguments: restarts + readiness + absences + lifecycle + others)
    func watching(_ row: Row) {
        let (target, scene) = Self.scene(row.kind)
        let start = ContinuousClock.now
        var hold = CanaryHold(target: target, pods: scene.pods, hold: Self.hold, startedAt: start)
        #expect(hold.canaries.count == 2)
        let end = start + Self.hold
        #expect(hold.judge(workload: scene.workload, pods: scene.pods, at: start) == .holding(until: end))
        #expect(hold.nextDeadline == end)
        var changed = scene
        row.change(&changed)
        let verdict = hold.judge(workload: changed.workload, pods: changed.pods, at: start + .seconds(1))
        guard let code = row.code else {
            #expect(verdict == .holding(until: end))
            #expect(hold.judge(workload: changed.workload, pods: changed.pods, at: end) == .passed)
            return
        }
        guard case .failed(let failure) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(failure.code == code)
        #expect(failure.message.contains(row.words), "\(failure.message)")
        #expect(hold.nextDeadline == nil)
        // A flap stays a flap.
        #expect(hold.judge(workload: scene.workload, pods: scene.pods, at: end) == verdict)
    }

    @Test("the time is up: passed, unless the same moment shows a failure")
    func end() {
        let (target, scene) = Self.scene(.statefulSet)
        let start = ContinuousClock.now
        var good = CanaryHold(target: target, pods: scene.pods, hold: Self.hold, startedAt: start)
        #expect(!good.judge(workload: scene.workload, pods: scene.pods, at: start + .seconds(299)).isFinal)
        #expect(good.judge(workload: scene.workload, pods: scene.pods, at: start + Self.hold) == .passed)
        #expect(good.judge(workload: nil, pods: [], at: start + .seconds(301)) == .passed, "and that is final")
        var bad = CanaryHold(target: target, pods: scene.pods, hold: Self.hold, startedAt: start)
        guard case .failed(let failure) = bad.judge(workload: nil, pods: [], at: start + Self.hold) else {
            Issue.record("\(bad.verdict)")
            return
        }
        #expect(failure.code == .deleted)
    }

    @Test("no canary to watch is no canary that held", arguments: kinds)
    func noCanaries(kind: WorkloadKind) {
        let (target, scene) = Self.scene(kind)
        let now = ContinuousClock.now
        var hold = CanaryHold(target: target, pods: [], hold: Self.hold, startedAt: now)
        guard case .failed(let failure) = hold.judge(workload: scene.workload, pods: [], at: now) else {
            Issue.record("\(hold.verdict)")
            return
        }
        #expect(failure.code == .canaryGone)
    }

    /// The token may not read pods: what is left is the number of those that are ready.
    @Test("without pods the number of ready ones must not fall", arguments: kinds)
    func withoutPods(kind: WorkloadKind) {
        let (target, scene) = Self.scene(kind)
        let start = ContinuousClock.now
        var hold = CanaryHold(target: target, pods: nil, hold: Self.hold, startedAt: start)
        #expect(!hold.judge(workload: scene.workload, pods: nil, at: start).isFinal)
        var less = scene.workload
        less.status.ready -= 1
        guard case .failed(let failure) = hold.judge(workload: less, pods: nil, at: start) else {
            Issue.record("\(hold.verdict)")
            return
        }
        #expect(failure.code == .canaryNotReady)
        #expect(!failure.progress.hasSeenPods)
    }

    @Test("only what the version did speaks against it")
    func blame() {
        #expect(RolloutFailure.Code.canaryRestarted.speaksAgainstVersion)
        #expect(RolloutFailure.Code.canaryNotReady.speaksAgainstVersion)
        #expect(!RolloutFailure.Code.canaryGone.speaksAgainstVersion)
    }
}

extension [PodState] {
    fileprivate mutating func withLast(_ change: (inout PodState) -> Void) { change(&self[count - 1]) }
}
