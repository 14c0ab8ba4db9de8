import Rollouts
import Testing
import Workloads

@Suite struct SnapshotTests {
    private func verdict(_ workload: Workload, _ pods: [PodState]) -> Verdict {
        RolloutSnapshot.judge(
            RolloutTarget(
                key: workload.key, uid: workload.uid, generation: workload.generation, images: [:], timeout: .zero),
            workload: workload, pods: pods)
    }

    private func workload(_ kind: WorkloadKind, ready: Int, conditions: [WorkloadCondition] = []) -> Workload {
        Workload(
            key: WorkloadKey(kind: kind, name: "web"), uid: "uid-web", resourceVersion: "1", generation: 2,
            replicas: 1, strategy: UpdateStrategy(type: "RollingUpdate"),
            selector: PodSelector(matchLabels: ["app": "web"]), containers: [],
            status: WorkloadStatus(
                observedGeneration: 2, replicas: 1, ready: ready, updated: 1, currentRevision: "web-1",
                updateRevision: "web-1", conditions: conditions))
    }

    private func pod(_ phase: ContainerState.Phase, isReady: Bool = false) -> PodState {
        PodState(
            name: "web-0", uid: "uid-web-0",
            labels: ["app": "web", "pod-template-hash": "1", "controller-revision-hash": "web-1"], ownerUID: "uid-web",
            ownerName: "web-1", phase: "Running",
            conditions: [.init(type: "Ready", status: isReady ? "True" : "False")],
            containers: [Container(name: "web", image: ContainerImage("web:1"))],
            containerStates: [.init(name: "web", isReady: isReady, restartCount: 7, phase: phase)])
    }

    @Test func `one look tells proven, progressing with its reason, and failed`() throws {
        #expect(verdict(workload(.statefulSet, ready: 1), [pod(.running, isReady: true)]).isFinal)
        let starting = verdict(
            workload(.statefulSet, ready: 0), [pod(.waiting(reason: "ContainerCreating", message: nil))])
        #expect(
            starting.progress.waitingFor == "0 of 1 pods ready; pod web-0, container web is waiting: ContainerCreating")
        #expect(!starting.isFinal)
        let crashing = verdict(
            workload(.statefulSet, ready: 0), [pod(.waiting(reason: "CrashLoopBackOff", message: "back-off 5m0s"))])
        guard case .failed(let failure) = crashing else {
            Issue.record("\(crashing)")
            return
        }
        #expect(failure.code == .crashLoop)
    }

    /// A judge that stays leaves out a deadline that was exceeded before it came. Who looks once has nothing else.
    @Test func `a Deployment that has exceeded its deadline has failed`() throws {
        let exceeded = WorkloadCondition(
            type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "timed out")
        let pods = [pod(.running)]
        #expect(!verdict(workload(.deployment, ready: 0), pods).isFinal)
        let verdict = verdict(workload(.deployment, ready: 0, conditions: [exceeded]), pods)
        guard case .failed(let failure) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(failure.code == .progressDeadline)
        #expect(failure.message == "timed out")
    }
}
