import TestServers
import Testing
import Workloads

@testable import Kubernetes

/// Lists and watches of the real API server.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct KubernetesObserveTests {
    @Test func aRolloutIsSeenFromPatchToReady() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "a", image: "r/a:1", replicas: 2))
            try await namespace.rolledOut("statefulset/a")
            try await plane.withClient { client in
                var generation: Int64?
                observing: for try await observation in client.observe(.statefulSet, namespace: namespace.name) {
                    switch observation {
                    case .snapshot(let items) where generation == nil:
                        let workload = try #require(items.first)
                        #expect(workload.status.ready == 2)
                        generation = try await client.apply(
                            workload.patch(image: "r/a:2"), namespace: namespace.name, force: true
                        ).generation
                    case .snapshot(let items): if let item = items.first, isDone(item, generation) { break observing }
                    case .changed(let workload): if isDone(workload, generation) { break observing }
                    case .deleted, .interrupted: break
                    }
                }
                let pods = try await client.pods(namespace: namespace.name)
                #expect(pods.items.map(\.name).sorted() == ["a-0", "a-1"])
                for pod in pods.items {
                    #expect(pod.isReady)
                    #expect(pod.phase == "Running")
                    #expect(pod.containers.first?.image.tag == "2")
                    #expect(pod.containerStates.first?.phase == .running)
                    #expect(pod.controllerRevision != nil)
                    #expect(pod.ownerUID != nil)
                    #expect(pod.labels["app"] == "a")
                }
            }
        }
    }

    private func isDone(_ workload: Workload, _ generation: Int64?) -> Bool {
        workload.status.observedGeneration >= generation ?? .max && workload.status.updated == 2
            && workload.status.ready == 2 && workload.status.currentRevision == workload.status.updateRevision
    }

    /// A hundred watches, and one whose events nobody takes: 32 share a connection, and all see what happens, the ones behind the
    /// limit of a connection's streams too.
    @Test func watchesShareConnections() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "a", image: "r/a:1", replicas: 0))
            try await plane.withClient { client in
                let list = try await client.list(.statefulSet, namespace: namespace.name)
                let observations = client.observe(.statefulSet, namespace: namespace.name, after: list)
                var untaken = observations.makeAsyncIterator()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            for try await case .changed(let workload) in observations
                            where workload.containers.first?.image.tag == "2" {
                                return
                            }
                        }
                    }
                    while client.transport.watches.open < 101 { await Task.yield() }
                    #expect(client.transport.watches.connections == 4)
                    _ = try await client.apply(
                        try #require(list.items.first).patch(image: "r/a:2"), namespace: namespace.name, force: true)
                    try await group.waitForAll()
                }
                while let observation = try await untaken.next() {
                    if case .changed(let workload) = observation, workload.containers.first?.image.tag == "2" { break }
                }
            }
        }
    }

    @Test func aDeletionIsSeen() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(
                TestNamespace.manifest(name: "a", image: "r/a:1", replicas: 0)
                    + TestNamespace.manifest(name: "b", image: "r/b:1", replicas: 0))
            try await plane.withClient { client in
                for try await observation in client.observe(.statefulSet, namespace: namespace.name) {
                    if case .snapshot(let items) = observation {
                        #expect(items.count == 2)
                        try await namespace.kubectl(["delete", "statefulset", "a", "--wait=false"])
                    }
                    if case .deleted(let workload) = observation {
                        #expect(workload.key.name == "a")
                        break
                    }
                }
            }
        }
    }

    @Test func selectorsNarrowAList() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(
                TestNamespace.manifest(name: "a", image: "r/a:1") + TestNamespace.manifest(name: "b", image: "r/b:1"))
            try await namespace.rolledOut("statefulset/a", "statefulset/b")
            try await plane.withClient { client in
                let byLabel = try await client.pods(namespace: namespace.name, labelSelector: "app in (a)")
                #expect(byLabel.items.map(\.name) == ["a-0"])
                let byField = try await client.list(
                    .statefulSet, namespace: namespace.name, fieldSelector: "metadata.name=b")
                #expect(byField.items.map(\.key.name) == ["b"])
            }
        }
    }

    @Test func aPodThatCannotPullSaysWhy() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "a", image: "r/a:1-bad-nopull"))
            try await plane.withClient { client in
                var reason: String?
                observing: for try await observation in client.observePods(namespace: namespace.name) {
                    let pods: [PodState] =
                        switch observation {
                        case .snapshot(let pods): pods
                        case .changed(let pod): [pod]
                        case .deleted, .interrupted: []
                        }
                    for case .waiting(let why?, let message)? in pods.flatMap(\.containerStates).map(\.phase)
                    where ["ErrImagePull", "ImagePullBackOff"].contains(why) {
                        reason = message
                        break observing
                    }
                }
                #expect(reason?.isEmpty == false)
            }
        }
    }

    @Test func aPodIsDeletedOnlyIfItIsTheOneObserved() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            try await namespace.apply(TestNamespace.manifest(name: "a", image: "r/a:1"))
            try await namespace.rolledOut("statefulset/a")
            try await plane.withClient { client in
                let pod = try #require(try await client.pod("a-0", namespace: namespace.name))
                let other = try await client.deletePod("a-0", uid: "other-uid", namespace: namespace.name)
                #expect(!other)
                let same = try await client.pod("a-0", namespace: namespace.name)
                #expect(same?.uid == pod.uid)
                let deleted = try await client.deletePod("a-0", uid: pod.uid, namespace: namespace.name)
                #expect(deleted)
            }
        }
    }

    /// A page holds 500 objects; the list is the same whatever the page's size.
    @Test func pagesMakeOneList() async throws {
        let plane = try ControlPlane.shared()
        try await plane.withNamespace { namespace in
            let names = (0..<7).map { "app-\($0)" }
            try await namespace.apply(
                names.map { TestNamespace.manifest(name: $0, image: "r/a:1", replicas: 0) }.joined())
            let configuration = try ClusterConfiguration.kubeconfig(paths: [plane.kubeconfig])
            var options = ClientOptions(version: "0.0.0-test")
            options.pageSize = 3
            try await plane.withClient(configuration: configuration, options: options) { client in
                let list = try await client.list(.statefulSet, namespace: namespace.name)
                #expect(list.items.map(\.key.name) == names)
            }
        }
    }
}
