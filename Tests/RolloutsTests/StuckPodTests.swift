import Testing
import Workloads

@testable import Rollouts

/// A broken pod of an older revision that blocks its StatefulSet (kubernetes#67250): which one is to be replaced, when, and
/// which never.
@Suite struct StuckPodTests {
    private static let ended = ContainerState.Termination(reason: "Error", exitCode: 1)
    private static let noStart = ContainerState.Termination(reason: "StartError", exitCode: 128)

    private static func target(_ policy: StuckPodPolicy) -> RolloutTarget {
        var target = Samples.target()
        target.stuckPods = policy
        return target
    }

    /// Three pods of which the last is of an older revision, broken or not, and nothing of the new revision is there yet.
    private static func pods(_ state: ContainerState, hasBeenReady: Bool = false) -> [PodState] {
        var stuck = Samples.pod("web-2", image: Samples.old, revision: "web-1", isReady: false, states: [state])
        stuck.hasBeenReady = hasBeenReady
        return [
            Samples.pod("web-0", image: Samples.old, revision: "web-0"),
            Samples.pod("web-1", image: Samples.old, revision: "web-0"), stuck,
        ]
    }

    private static var blocked: Workload {
        var workload = Samples.finished()
        workload.status.updated = 0
        workload.status.ready = 2
        workload.status.currentRevision = "web-0"
        return workload
    }

    /// Each state of the container beside what the policies do with its pod. A pod that a policy leaves alone fails the rollout
    /// or, where it may still get ready by itself, is waited for.
    @Test(arguments: [
        (Samples.waiting("ErrImagePull", "not found"), StuckPodPolicy.neverStarted, true),
        (Samples.waiting("ErrImagePull", "not found"), .always, true),
        (Samples.waiting("ErrImagePull", "not found"), .never, false),
        (Samples.waiting("CreateContainerConfigError", "no secret"), .neverStarted, true),
        // The runtime could not start it, so nothing of the image ever ran.
        (
            ContainerState(
                name: "web", isReady: false, restartCount: 3,
                phase: .waiting(reason: "RunContainerError", message: "no such file"), lastTermination: noStart),
            .neverStarted, true
        ),
        // It ran, and may have written something.
        (
            ContainerState(
                name: "web", isReady: false, restartCount: 3,
                phase: .waiting(reason: "CrashLoopBackOff", message: "back-off"), lastTermination: ended),
            .neverStarted, false
        ),
        (
            ContainerState(
                name: "web", isReady: false, restartCount: 3,
                phase: .waiting(reason: "CrashLoopBackOff", message: "back-off"), lastTermination: ended),
            .always, true
        ),
        (ContainerState(name: "web", isReady: false, phase: .running), .neverStarted, false),
        (ContainerState(name: "web", isReady: false, phase: .running), .always, true),
        // It is only just being created.
        (Samples.waiting("ContainerCreating"), .neverStarted, false),
    ])
    func `the policy decides by what the container has done`(
        state: ContainerState, policy: StuckPodPolicy, isReplaced: Bool
    ) {
        var judge = RolloutJudge(target: Self.target(policy), startedAt: .now)
        let verdict = judge.judge(workload: Self.blocked, pods: Self.pods(state), at: .now)
        #expect((judge.stuckPod != nil) == isReplaced)
        if isReplaced {
            #expect(!verdict.isFinal)
            #expect(judge.stuckPod?.uid == "uid-web-2")
        }
    }

    @Test func `a pod that has been ready is never deleted`() {
        for policy in StuckPodPolicy.allCases {
            var judge = RolloutJudge(target: Self.target(policy), startedAt: .now)
            let pods = Self.pods(Samples.waiting("ErrImagePull", "not found"), hasBeenReady: true)
            guard case .failed(let failure) = judge.judge(workload: Self.blocked, pods: pods, at: .now) else {
                Issue.record("\(policy) does not fail")
                continue
            }
            #expect(failure.code == .blockedByStuckPod && judge.stuckPod == nil)
        }
    }

    @Test func `with Parallel the controller replaces it by itself`() {
        var workload = Self.blocked
        workload.isParallel = true
        var judge = RolloutJudge(target: Self.target(.always), startedAt: .now)
        _ = judge.judge(workload: workload, pods: Self.pods(Samples.waiting("ErrImagePull", "not found")), at: .now)
        #expect(judge.stuckPod == nil)
    }

    @Test func `pods are replaced one at a time, the highest ordinal first`() {
        var pods = Self.pods(Samples.waiting("ErrImagePull", "not found"))
        pods[1] = pods[2]
        pods[1].name = "web-1"
        pods[1].uid = "uid-web-1"
        var judge = RolloutJudge(target: Self.target(.neverStarted), startedAt: .now)
        func offered() -> String? {
            _ = judge.judge(workload: Self.blocked, pods: pods, at: .now)
            return judge.stuckPod?.name
        }
        #expect(offered() == "web-2")
        guard let first = judge.stuckPod else { return }
        judge.replacing(first)
        #expect(offered() == nil, "it may still be there for a moment")
        pods[2] = Samples.pod("web-2", isReady: false)
        pods[2].uid = "uid-web-2-new"
        #expect(offered() == nil, "its successor is not ready yet")
        pods[2] = Samples.pod("web-2")
        pods[2].uid = "uid-web-2-new"
        #expect(offered() == "web-1")
    }

    @Test func `what cannot be deleted fails with the way out`() {
        let pods = Self.pods(Samples.waiting("ErrImagePull", "not found"))
        var judge = RolloutJudge(target: Self.target(.neverStarted), startedAt: .now)
        _ = judge.judge(workload: Self.blocked, pods: pods, at: .now)
        judge.cannotReplace(because: "the token may not delete it", hint: "kubectl delete pod web-2")
        guard case .failed(let failure) = judge.judge(workload: Self.blocked, pods: pods, at: .now) else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == .blockedByStuckPod)
        #expect(failure.message.hasSuffix("the token may not delete it"))
        #expect(failure.hint == "kubectl delete pod web-2")
    }

    /// Played from the real controller's own sequence: offered once, then proven.
    @Test func `a rollout goes on once its stuck pod is gone`() throws {
        var recording = try Recording.load("statefulset-stuck-then-deleted")
        guard case .failed = recording.play() else {
            Issue.record("not failed where nobody deletes the pod")
            return
        }
        recording.target.stuckPods = .neverStarted
        var offered: [String] = []
        let verdict = recording.play(replace: { offered.append($0.name) })
        guard case .proven = verdict else {
            Issue.record("not proven: \(verdict)")
            return
        }
        #expect(offered == ["web-2"])
    }
}
