import Testing
import Workloads

@testable import Rollouts

/// What ends a rollout besides its pods: the workload itself, its controller, other people, and time.
@Suite struct LifecycleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var kind: WorkloadKind = .statefulSet
        /// Nil: goes on.
        let code: RolloutFailure.Code?
        let change: @Sendable (inout Workload) -> Void
        var testDescription: String { name }
    }

    static let rows = [
        // Another object under the same name, or none soon.
        Row(name: "created anew", code: .replaced) { $0.uid = "uid-2" },
        Row(name: "being deleted", code: .deleted) { $0.isBeingDeleted = true },
        // Somebody changes it after Descry: the image matters, nothing else.
        Row(name: "another image later", code: .superseded) {
            $0.generation = 3
            $0.containers = [Container(name: "web", image: Samples.old)]
        },
        Row(name: "the container is gone", code: .superseded) {
            $0.generation = 3
            $0.containers = []
        },
        Row(name: "scaled by an autoscaler", code: nil) {
            $0.generation = 3
            $0.replicas = 5
        },
        // An admission webhook rewrote the patch.
        Row(name: "another image at our generation", code: .imageRewritten) {
            $0.containers = [Container(name: "web", image: ContainerImage("mirror.example.com/web:1"))]
        },
        // A watch that is behind shows the object from before the patch.
        Row(name: "the old object", code: nil) {
            $0.generation = 1
            $0.status.observedGeneration = 1
            $0.containers = [Container(name: "web", image: Samples.old)]
        },
        Row(name: "paused", kind: .deployment, code: .paused) { $0.isPaused = true },
    ]

    @Test("the workload as a whole", arguments: rows)
    func lifecycle(_ row: Row) {
        let now = ContinuousClock.now
        var workload = Samples.finished(row.kind)
        workload.status.updated = 1
        row.change(&workload)
        var judge = RolloutJudge(target: Samples.target(row.kind), startedAt: now)
        let verdict = judge.judge(workload: workload, pods: Samples.pods(of: row.kind), at: now)
        if case .failed(let failure) = verdict {
            #expect(failure.code == row.code)
        } else {
            #expect(row.code == nil && !verdict.isFinal)
        }
    }

    @Test("no workload means nothing before it was seen, and a deletion after")
    func absence() {
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: Samples.target(), startedAt: now)
        #expect(!judge.judge(workload: nil, pods: [], at: now).isFinal)
        var workload = Samples.finished()
        workload.status.ready = 1
        #expect(!judge.judge(workload: workload, pods: [], at: now).isFinal)
        guard case .failed(let failure) = judge.judge(workload: nil, pods: [], at: now) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .deleted && failure.progress.replicas == 3)
    }

    @Test("a time-out says what was missing and which pod is not ready")
    func timeOut() {
        let start = ContinuousClock.now
        var workload = Samples.finished()
        workload.status.updated = 1
        var pods = Samples.pods()
        pods[2] = Samples.pod("web-2", isReady: false)
        var judge = RolloutJudge(target: Samples.target(timeout: .seconds(90)), startedAt: start)
        #expect(!judge.judge(workload: workload, pods: pods, at: start + .seconds(89)).isFinal)
        #expect(judge.nextDeadline == start + .seconds(90))
        guard case .failed(let failure) = judge.judge(workload: workload, pods: pods, at: start + .seconds(90)) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .timedOut)
        #expect(failure.message.contains("90 s: 1 of 3 pods updated; pod web-2, container web"))
        #expect(failure.message.contains("readiness probe"))
        // A verdict is final.
        #expect(judge.judge(workload: Samples.finished(), pods: Samples.pods(), at: start + .seconds(91)).isFinal)
        #expect(judge.verdict == .failed(failure))
    }

    @Test("a rollout that is finished at its deadline is proven")
    func finishedAtDeadline() {
        let start = ContinuousClock.now
        var judge = RolloutJudge(target: Samples.target(), startedAt: start)
        let verdict = judge.judge(workload: Samples.finished(), pods: Samples.pods(), at: start + .seconds(600))
        guard case .proven = verdict else {
            Issue.record("\(verdict)")
            return
        }
    }

    @Test("a progress deadline from before the patch counts only once it is passed anew")
    func staleProgressDeadline() {
        let now = ContinuousClock.now
        let exceeded = WorkloadCondition(
            type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "web-abc timed out")
        var workload = Samples.finished(.deployment)
        workload.status.updated = 1
        workload.status.conditions = [exceeded]
        var judge = RolloutJudge(target: Samples.target(.deployment), startedAt: now)
        #expect(!judge.judge(workload: workload, pods: [], at: now).isFinal)
        #expect(!judge.judge(workload: workload, pods: [], at: now).isFinal)
        workload.status.conditions = [
            WorkloadCondition(type: "Progressing", status: "True", reason: "ReplicaSetUpdated")
        ]
        #expect(!judge.judge(workload: workload, pods: [], at: now).isFinal)
        workload.status.conditions = [exceeded]
        guard case .failed(let failure) = judge.judge(workload: workload, pods: [], at: now) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .progressDeadline && failure.message == "web-abc timed out")
    }
}
