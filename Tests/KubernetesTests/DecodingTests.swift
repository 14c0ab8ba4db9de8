import FoundationEssentials
import Testing
import Workloads

@testable import Kubernetes

/// Objects recorded from Kubernetes 1.20, and the least that a server may send.
@Suite struct DecodingTests {
    private func fixture<Object: ClusterObject>(_ type: Object.Type, _ name: String) throws -> Object.Value {
        let folder = #filePath.replacing("DecodingTests.swift", with: "Fixtures/")
        return try JSONDecoder().decode(type, from: Data(contentsOf: URL(filePath: folder + name + ".json"))).value()
    }

    @Test func aStatefulSetIsRead() throws {
        let workload = try fixture(StatefulSetObject.self, "statefulset-rolled-out")
        #expect(
            workload
                == Workload(
                    key: WorkloadKey(kind: .statefulSet, name: "backend"),
                    uid: "8d3a7d10-04fc-43e9-b30a-ab7f6b572eb0", resourceVersion: "3873", generation: 1,
                    replicas: 1, strategy: UpdateStrategy(type: "RollingUpdate", partition: 0), isParallel: true,
                    selector: PodSelector(matchLabels: ["app": "backend"]),
                    containers: [Container(name: "backend", image: ContainerImage("r/backend:1"))],
                    initContainers: [Container(name: "migrate", image: ContainerImage("r/migrate:1"))],
                    status: WorkloadStatus(
                        observedGeneration: 1, replicas: 1, ready: 1, updated: 1, available: nil,
                        currentRevision: "backend-69769865d", updateRevision: "backend-69769865d")))
    }

    @Test func aDeploymentIsRead() throws {
        let workload = try fixture(DeploymentObject.self, "deployment-rolled-out")
        #expect(workload.key == WorkloadKey(kind: .deployment, name: "web"))
        #expect(workload.strategy == UpdateStrategy(type: "RollingUpdate"))
        #expect(workload.status.available == 1)
        #expect(workload.status.conditions.map(\.type) == ["Available", "Progressing"])
        #expect(workload.status.conditions.last?.reason == "NewReplicaSetAvailable")
        #expect(workload.annotations["deployment.kubernetes.io/revision"] == "1")
    }

    @Test func aDaemonSetIsRead() throws {
        let workload = try fixture(DaemonSetObject.self, "daemonset-rolled-out")
        #expect(workload.key == WorkloadKey(kind: .daemonSet, name: "agent"))
        #expect(workload.replicas == 1)
        #expect(
            workload.status == WorkloadStatus(observedGeneration: 1, replicas: 1, ready: 1, updated: 1, available: 1))
    }

    @Test func aReadyPodIsRead() throws {
        let pod = try fixture(PodObject.self, "pod-ready")
        #expect(pod.isReady)
        #expect(pod.ownerUID == "8d3a7d10-04fc-43e9-b30a-ab7f6b572eb0")
        #expect(pod.controllerRevision == "backend-69769865d")
        #expect(pod.containerStates == [ContainerState(name: "backend", isReady: true, phase: .running)])
        #expect(
            pod.initContainerStates.first?.phase == .terminated(.init(reason: "Completed", exitCode: 0)))
    }

    @Test func aPodThatCannotPullIsRead() throws {
        let pod = try fixture(PodObject.self, "pod-broken-pull")
        #expect(!pod.isReady)
        #expect(pod.phase == "Pending")
        #expect(
            pod.containerStates.first?.phase
                == .waiting(reason: "ImagePullBackOff", message: "Back-off pulling image \"r/broken:1-bad\""))
    }

    /// A server may leave out whatever is empty or that it does not know.
    @Test func theLeastIsEnough() throws {
        let least = Data(#"{"metadata":{"name":"a"}}"#.utf8)
        let stateful = try JSONDecoder().decode(StatefulSetObject.self, from: least).value()
        #expect(stateful.replicas == 1)
        #expect(stateful.strategy == UpdateStrategy(type: "RollingUpdate"))
        #expect(stateful.status == WorkloadStatus(observedGeneration: 0, replicas: 0, ready: 0, updated: 0))
        let deployment = try JSONDecoder().decode(DeploymentObject.self, from: least).value()
        #expect(deployment.status.available == 0)
        #expect(!deployment.isPaused)
        let daemon = try JSONDecoder().decode(DaemonSetObject.self, from: least).value()
        #expect(daemon.replicas == 0)
        #expect(try JSONDecoder().decode(PodObject.self, from: least).value().phase == "Unknown")
    }

    @Test func whatDescryJudgesByIsRead() throws {
        let text = """
            {"metadata":{"name":"a","uid":"u","resourceVersion":"5","generation":4,"deletionTimestamp":"2026-01-01T00:00:00Z"},
             "spec":{"replicas":0,"minReadySeconds":9,"updateStrategy":{"type":"OnDelete"},
              "selector":{"matchExpressions":[{"key":"app","operator":"In","values":["a"]}]}},
             "status":{"availableReplicas":2}}
            """
        let workload = try JSONDecoder().decode(StatefulSetObject.self, from: Data(text.utf8)).value()
        #expect(workload.isBeingDeleted)
        #expect(workload.replicas == 0)
        #expect(workload.minReadySeconds == 9)
        #expect(workload.strategy.type == "OnDelete")
        #expect(workload.selector.matches(["app": "a"]))
        #expect(workload.status.available == 2)
    }

    @Test func howAContainerEndedIsRead() throws {
        let text = """
            {"metadata":{"name":"a"},"status":{"containerStatuses":[{"name":"c","restartCount":3,
             "state":{"waiting":{"reason":"CrashLoopBackOff"}},
             "lastState":{"terminated":{"reason":"OOMKilled","exitCode":137,"signal":9}}}]}}
            """
        let pod = try JSONDecoder().decode(PodObject.self, from: Data(text.utf8)).value()
        #expect(
            pod.containerStates == [
                ContainerState(
                    name: "c", isReady: false, restartCount: 3,
                    phase: .waiting(reason: "CrashLoopBackOff", message: nil),
                    lastTermination: .init(reason: "OOMKilled", exitCode: 137, signal: 9))
            ])
    }
}
