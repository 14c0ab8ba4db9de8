import Testing
import Workloads

@testable import Rollouts

/// The index must say the same as a look at every pod, at a fraction of the work.
@Suite struct PodIndexTests {
    private static func workload(_ kind: WorkloadKind, _ name: String, labels: [String: String]) -> Workload {
        Workload(
            key: WorkloadKey(kind: kind, name: name), uid: "uid-\(name)", resourceVersion: "1", generation: 1,
            replicas: 1, strategy: UpdateStrategy(type: "RollingUpdate"), selector: PodSelector(matchLabels: labels),
            containers: [], status: WorkloadStatus(observedGeneration: 1, replicas: 1, ready: 1, updated: 1))
    }

    private static let workloads: [Workload] = {
        var expression = workload(.deployment, "expr", labels: [:])
        expression.selector.matchExpressions = [.init(key: "app", operator: "In", values: ["expr"])]
        return [
            workload(.statefulSet, "db", labels: ["team": "shop", "app": "db"]),
            workload(.daemonSet, "agent", labels: ["app": "agent"]),
            workload(.deployment, "web", labels: ["team": "shop", "app": "web"]),
            workload(.deployment, "api", labels: ["team": "shop", "app": "api"]), expression,
        ]
    }()

    private static func pod(_ owner: String, _ number: Int, isDeployment: Bool, uid: String? = nil) -> PodState {
        var labels = ["app": owner, "team": "shop"]
        if isDeployment { labels["pod-template-hash"] = "1f" }
        return PodState(
            name: "\(owner)-\(number)", uid: uid ?? "uid-\(owner)-\(number)", labels: labels,
            ownerUID: isDeployment ? "uid-rs-\(owner)" : "uid-\(owner)",
            ownerName: isDeployment ? "\(owner)-1f" : owner,
            phase: "Running", containers: [])
    }

    private static let pods: [PodState] = ["db", "agent", "web", "api", "expr", "stranger"].flatMap { owner in
        (0..<3).map { pod(owner, $0, isDeployment: owner != "db" && owner != "agent") }
    }

    private func check(_ index: PodIndex, against pods: [PodState]) {
        for workload in Self.workloads {
            let expected = pods.filter(workload.owns).map(\.name).sorted()
            #expect(index.pods(of: workload.key).map(\.name) == expected, "\(workload.key)")
        }
    }

    @Test("workloads first, pods first, or in turns: the same pods")
    func orders() {
        var first = PodIndex()
        first.track(Self.workloads)
        #expect(first.replaceAll(with: Self.pods) == Set(Self.workloads.map(\.key)))
        check(first, against: Self.pods)

        var second = PodIndex()
        _ = second.replaceAll(with: Self.pods)
        for workload in Self.workloads { second.track([workload]) }
        check(second, against: Self.pods)
        #expect(second.count == Self.pods.count)
    }

    @Test("an event names the workload it concerns, and no other")
    func events() {
        var index = PodIndex()
        index.track(Self.workloads)
        _ = index.replaceAll(with: Self.pods)
        let web = WorkloadKey(kind: .deployment, name: "web")
        let database = WorkloadKey(kind: .statefulSet, name: "db")
        var changed = Self.pod("web", 0, isDeployment: true)
        // Nothing new, and a pod of nobody's.
        #expect(index.update(changed) == [])
        #expect(index.update(Self.pod("stranger", 7, isDeployment: true)) == [])
        changed.phase = "Failed"
        #expect(index.update(changed) == [web])
        // A pod that loses its labels leaves its workload.
        changed.labels = [:]
        #expect(index.update(changed) == [web])
        #expect(index.pods(of: web).map(\.name) == ["web-1", "web-2"])
        // A StatefulSet's pod under its old name with another uid: the deletion was missed.
        #expect(index.update(Self.pod("db", 1, isDeployment: false, uid: "uid-new")) == [database])
        #expect(index.pods(of: database).map(\.uid) == ["uid-db-0", "uid-new", "uid-db-2"])
        #expect(index.remove(Self.pod("db", 2, isDeployment: false)) == [database])
        #expect(index.remove(Self.pod("db", 2, isDeployment: false)) == [])
        // A new list: only what differs is named.
        #expect(index.replaceAll(with: index.pods(of: database)) != [database])
        #expect(index.pods(of: web).isEmpty && index.count == 2)
    }

    @Test("a workload created anew has the pods of its new uid; one that is not tracked has none")
    func newUID() {
        var index = PodIndex()
        index.track(Self.workloads)
        _ = index.replaceAll(with: Self.pods)
        var anew = Self.workloads[0]
        anew.uid = "uid-db-2nd"
        index.track([anew])
        #expect(index.pods(of: anew.key).isEmpty)
        index.track([Self.workloads[0]])
        #expect(index.pods(of: anew.key).count == 3)
        index.untrack(anew.key)
        #expect(index.pods(of: anew.key).isEmpty)
        #expect(index.update(Self.pod("db", 9, isDeployment: false)) == [])
    }
}
