import Testing
import Workloads

@testable import Rollouts

/// A StatefulSet's rollout with a partition of 2: only web-2 is replaced.
@Suite struct CanaryProofTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        /// Part of what the verdict waits for; nil: proven.
        let waitsFor: String?
        var workload: @Sendable (inout Workload) -> Void = { _ in }
        var pods: @Sendable (inout [PodState]) -> Void = { _ in }
        var testDescription: String { name }
    }

    static var target: RolloutTarget {
        var target = Samples.target()
        target.partition = 2
        return target
    }

    /// As the controller leaves it: it never completes the revision while the partition stands.
    static var proven: (workload: Workload, pods: [PodState]) {
        var workload = Samples.finished()
        workload.strategy.partition = 2
        workload.status.updated = 1
        workload.status.currentRevision = "web-1"
        let old = (0..<2).map { Samples.pod("web-\($0)", image: Samples.old, revision: "web-1") }
        return (workload, old + [Samples.pod("web-2")])
    }

    static let rows = [
        Row(name: "the canary runs, the others are old", waitsFor: nil),
        Row(name: "the canary is not updated", waitsFor: "0 of 1 canaries updated") { $0.status.updated = 0 },
        Row(name: "another pod is not ready", waitsFor: "2 of 3 pods ready") { $0.status.ready = 2 },
        Row(name: "not observed", waitsFor: "generation 2") { $0.status.observedGeneration = 1 },
        Row(name: "ready, and not for minReadySeconds", waitsFor: "ready for 10 s") {
            $0.minReadySeconds = 10
            $0.status.available = 2
        },
        Row(name: "an ordinal too many", waitsFor: "1 surplus pods") { $0.status.replicas = 4 },
        // A pod below the partition may run the version already.
        Row(name: "all run it, for it is the current revision", waitsFor: nil) {
            $0.status.updated = 3
            $0.status.currentRevision = "web-2"
        } pods: {
            $0 = Samples.pods()
        },
        Row(name: "the canary runs the old image, whatever the status says", waitsFor: "pod web-2 to run") { _ in
        } pods: {
            $0[2] = Samples.pod("web-2", image: Samples.old)
        },
        Row(name: "the canary is not seen yet", waitsFor: "2 of 3 pods ready") { _ in
        } pods: {
            $0.removeLast()
        },
        // Nothing is left to be a canary, which is for the hold to say.
        Row(name: "scaled down below the partition", waitsFor: nil) {
            $0.replicas = 2
            $0.status.replicas = 2
            $0.status.ready = 2
            $0.status.updated = 0
        } pods: {
            $0.removeLast()
        },
    ]

    @Test("what is missing is named", arguments: rows)
    func proof(_ row: Row) {
        var (workload, pods) = Self.proven
        row.workload(&workload)
        row.pods(&pods)
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: Self.target, startedAt: now)
        let verdict = judge.judge(workload: workload, pods: pods, at: now)
        if let waitsFor = row.waitsFor {
            #expect(!verdict.isFinal)
            #expect(verdict.progress.waitingFor.contains(waitsFor), "\(verdict.progress.waitingFor)")
        } else if case .proven = verdict {
        } else {
            Issue.record("\(verdict)")
        }
    }

    @Test("a canary that cannot run fails the rollout like any new pod")
    func badCanary() {
        var (workload, pods) = Self.proven
        workload.status.ready = 2
        pods[2] = Samples.pod("web-2", isReady: false, states: [Samples.waiting("InvalidImageName", "no such name")])
        #expect(failure(workload, pods)?.code == .imagePull)
    }

    /// The controller replaces no pod below the partition, so waiting for a broken one has no end, with Parallel neither. The
    /// version is not to blame.
    @Test("a broken pod that the canary leaves as it is fails at once", arguments: [false, true])
    func brokenOldPod(isParallel: Bool) throws {
        var (workload, pods) = Self.proven
        workload.isParallel = isParallel
        workload.status.ready = 2
        pods[0] = Samples.pod(
            "web-0", image: Samples.old, revision: "web-1", isReady: false,
            states: [Samples.waiting("InvalidImageName", "no such name")])
        let found = failure(workload, pods)
        let failure = try #require(found)
        #expect(failure.code == .blockedByStuckPod && failure.pod == "web-0")
        #expect(!failure.code.speaksAgainstVersion)
        #expect(failure.hint?.contains("strategy") == true, "deleting it would bring it back as it is")
    }

    /// Below the partition a deleted pod comes back with the current revision, from it on with the new one: only what comes
    /// back as something else is worth deleting.
    @Test(
        "a stuck pod is replaced where it comes back as another",
        arguments: [
            ("web-0", "web-1", false), ("web-0", "web-failed", true), ("web-2", "web-1", true),
            ("web-2", "web-failed", true),
        ])
    func stuckPods(name: String, revision: String, isReplaced: Bool) throws {
        var (workload, pods) = Self.proven
        workload.status.ready = 2
        let index = try #require(pods.firstIndex { $0.name == name })
        pods[index] = Samples.pod(
            name, image: Samples.old, revision: revision, isReady: false,
            states: [Samples.waiting("InvalidImageName", "no such name")])
        var target = Self.target
        target.stuckPods = .neverStarted
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: target, startedAt: now)
        let verdict = judge.judge(workload: workload, pods: pods, at: now)
        #expect(judge.stuckPod?.name == (isReplaced ? name : nil))
        #expect(verdict.isFinal == !isReplaced)
    }

    @Test("somebody moves the partition: nobody would be watched any more", arguments: [nil, 0, 1])
    func partitionMoved(to partition: Int?) throws {
        var (workload, pods) = Self.proven
        workload.generation = 3
        workload.strategy.partition = partition
        #expect(failure(workload, pods)?.code == .superseded)
        pods.removeAll()
    }

    private func failure(_ workload: Workload, _ pods: [PodState]) -> RolloutFailure? {
        let now = ContinuousClock.now
        var judge = RolloutJudge(target: Self.target, startedAt: now)
        guard case .failed(let failure) = judge.judge(workload: workload, pods: pods, at: now) else { return nil }
        return failure
    }
}
