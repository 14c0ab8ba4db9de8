import Testing
import Workloads

/// Which pods are a workload's own. A pod counted by mistake could prove, or fail, somebody else's rollout.
@Suite struct PodOwnershipTests {
    struct SelectorRow: Sendable, CustomTestStringConvertible {
        let name: String
        let selector: PodSelector
        let labels: [String: String]
        let matches: Bool
        var testDescription: String { name }
    }

    private static func expression(_ key: String, _ operation: String, _ values: [String] = []) -> PodSelector {
        PodSelector(matchLabels: [:], matchExpressions: [.init(key: key, operator: operation, values: values)])
    }

    static let selectors = [
        // Labels: all of them, and more may be there.
        SelectorRow(
            name: "all labels", selector: PodSelector(matchLabels: ["a": "1", "b": "2"]),
            labels: ["a": "1", "b": "2", "c": "3"], matches: true),
        SelectorRow(
            name: "one label short", selector: PodSelector(matchLabels: ["a": "1", "b": "2"]),
            labels: ["a": "1"], matches: false),
        // The four operators; NotIn holds where the label is absent.
        SelectorRow(name: "In", selector: expression("a", "In", ["1", "2"]), labels: ["a": "2"], matches: true),
        SelectorRow(name: "not In", selector: expression("a", "In", ["1"]), labels: [:], matches: false),
        SelectorRow(name: "NotIn", selector: expression("a", "NotIn", ["1"]), labels: [:], matches: true),
        SelectorRow(name: "not NotIn", selector: expression("a", "NotIn", ["1"]), labels: ["a": "1"], matches: false),
        SelectorRow(name: "Exists", selector: expression("a", "Exists"), labels: ["a": ""], matches: true),
        SelectorRow(name: "not Exists", selector: expression("a", "Exists"), labels: ["b": ""], matches: false),
        SelectorRow(name: "DoesNotExist", selector: expression("a", "DoesNotExist"), labels: ["b": ""], matches: true),
        SelectorRow(
            name: "not DoesNotExist", selector: expression("a", "DoesNotExist"), labels: ["a": ""], matches: false),
        // What is not understood matches nothing.
        SelectorRow(
            name: "unknown operator", selector: expression("a", "Gt", ["1"]), labels: ["a": "2"], matches: false),
        SelectorRow(name: "empty", selector: PodSelector(matchLabels: [:]), labels: ["a": "1"], matches: false),
    ]

    @Test("selectors", arguments: selectors)
    func selector(_ row: SelectorRow) {
        #expect(row.selector.matches(row.labels) == row.matches)
    }

    struct OwnerRow: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: WorkloadKind
        var labels = ["app": "web", "pod-template-hash": "5d9"]
        var ownerUID: String? = "uid-web"
        var ownerName: String?
        let owns: Bool
        var testDescription: String { "\(kind.rawValue): \(name)" }
    }

    static let owners = [
        // StatefulSets and DaemonSets own their pods themselves: the uid decides, the labels do not.
        OwnerRow(name: "its uid", kind: .statefulSet, owns: true),
        OwnerRow(name: "its uid", kind: .daemonSet, labels: [:], owns: true),
        OwnerRow(name: "its labels and another uid", kind: .statefulSet, ownerUID: "uid-2", owns: false),
        OwnerRow(name: "no owner", kind: .daemonSet, ownerUID: nil, owns: false),
        // Deployments own them through a ReplicaSet called NAME-HASH.
        OwnerRow(name: "its ReplicaSet", kind: .deployment, ownerUID: "uid-rs", ownerName: "web-5d9", owns: true),
        OwnerRow(
            name: "a ReplicaSet of another with the same labels", kind: .deployment, ownerUID: "uid-rs",
            ownerName: "web-canary-5d9", owns: false),
        OwnerRow(name: "owner's name unknown", kind: .deployment, ownerUID: "uid-rs", owns: true),
        OwnerRow(
            name: "a StatefulSet's pod with the same labels", kind: .deployment, labels: ["app": "web"],
            ownerName: "web", owns: false),
        OwnerRow(
            name: "other labels", kind: .deployment, labels: ["app": "api", "pod-template-hash": "5d9"],
            ownerName: "web-5d9", owns: false),
    ]

    @Test("owners", arguments: owners)
    func owner(_ row: OwnerRow) {
        let workload = Workload(
            key: WorkloadKey(kind: row.kind, name: "web"), uid: "uid-web", resourceVersion: "1", generation: 1,
            replicas: 1, strategy: UpdateStrategy(type: "RollingUpdate"),
            selector: PodSelector(matchLabels: ["app": "web"]), containers: [],
            status: WorkloadStatus(observedGeneration: 1, replicas: 1, ready: 1, updated: 1))
        let pod = PodState(
            name: "web-0", uid: "uid-pod", labels: row.labels, ownerUID: row.ownerUID, ownerName: row.ownerName,
            phase: "Running", containers: [])
        #expect(workload.owns(pod) == row.owns)
    }

    @Test("keys print as kubectl does and sort by name")
    func keys() {
        let key = WorkloadKey(kind: .statefulSet, name: "backend")
        #expect(key.description == "statefulset/backend")
        #expect(key < WorkloadKey(kind: .daemonSet, name: "cache"))
        #expect(WorkloadKind.allCases.map(\.resource) == ["statefulsets", "deployments", "daemonsets"])
    }
}
