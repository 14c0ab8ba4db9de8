import Descriptors
import Planning
import Testing
import Workloads

@testable import Reconciling

/// What counts as drift, by what the watch shows and nothing else.
@Suite struct DriftBoardTests {
    private static let old = "1.0.0-rc-" + String(repeating: "a", count: 40)
    private static let new = "1.1.0-rc-" + String(repeating: "b", count: 40)
    private static let commit = String(repeating: "c", count: 40)
    private static let rules = PlanningRules(
        environment: "DEV", namespace: "shop", registry: "registry.example.com/shop", channels: [.rc])
    private static let key = WorkloadKey(kind: .statefulSet, name: "backend")

    private var board = DriftBoard(rules: rules)

    private static func app(_ version: String = new) throws -> App {
        let text = "apps: [{name: backend, version: \(version)}]"
        return try #require(try Descriptor.parse(Array(text.utf8), file: "test").apps.first)
    }

    /// - Parameter tag: what runs; `annotated` what was deployed.
    private static func workload(
        _ tag: String = new, annotated: String? = new, generation: Int64 = 2, partition: Int = 0
    ) -> Workload {
        var annotations = ["theirs": "1"]
        if let annotated {
            annotations[WorkloadAnnotation.version] = annotated
            annotations[WorkloadAnnotation.environment] = "DEV"
        }
        return Workload(
            key: key, uid: "u", resourceVersion: "\(generation)", generation: generation, annotations: annotations,
            replicas: 1, strategy: .init(type: "RollingUpdate", partition: partition),
            selector: PodSelector(matchLabels: ["app": "backend"]),
            containers: [
                .init(name: "backend", image: ContainerImage("registry.example.com/shop/backend:\(tag)"))
            ], status: WorkloadStatus(observedGeneration: generation, replicas: 1, ready: 1, updated: 1))
    }

    private mutating func deployed() throws {
        board.expect(
            Plan(apps: [try Self.app()], commit: Self.commit, rules: Self.rules, observed: [Self.key: Self.workload()]),
            written: [])
        board.replace(.statefulSet, with: [Self.workload()])
    }

    /// Each change that somebody else may make, with its reason in the plan; nil where it is none of Descry's business.
    private static let changes: [(Workload, FieldChange.Reason?)] = [
        (workload(), nil),
        (workload("9.9.9"), .driftedImage),
        (workload(partition: 1), .partition),
        (workload(annotated: nil), .annotation),
        (workload(old, annotated: nil), .version),
    ]

    @Test(arguments: changes)
    mutating func `what a plan would change is drift`(workload: Workload, reason: FieldChange.Reason?) throws {
        try deployed()
        #expect(board.findings.isEmpty)
        board.update(workload)
        #expect(board.findings["backend"]?.changes.first?.reason == reason)
        let isLeft = [.driftedImage, .partition].contains(reason)
        #expect(board.findings["backend"]?.isOnlyDrift ?? false == isLeft)
    }

    /// So that a rollout's hundred changes of status wake nobody.
    @Test mutating func `status, replicas and foreign annotations are no news`() throws {
        try deployed()
        board.update(Self.workload("9.9.9"))
        let before = board.findings
        var changed = Self.workload("9.9.9", generation: 3)
        changed.replicas = 5
        changed.annotations["theirs"] = "2"
        changed.status = WorkloadStatus(observedGeneration: 1, replicas: 0, ready: 0, updated: 0)
        board.update(changed)
        #expect(board.findings == before)
    }

    @Test mutating func `a workload that is gone is found, and found again`() throws {
        try deployed()
        board.remove(Self.key)
        #expect(board.findings["backend"]?.problem == "missing-workload")
        board.update(Self.workload())
        #expect(board.findings.isEmpty)
    }

    /// The watch is another connection than the pass's, and may be behind.
    @Test mutating func `what the pass itself has written over is no drift`() throws {
        let before = Self.workload(Self.old, annotated: Self.old, generation: 4)
        board.replace(.statefulSet, with: [before])
        let plan = Plan(
            apps: [try Self.app()], commit: Self.commit, rules: Self.rules, observed: [Self.key: before])
        board.expect(plan, written: ["backend"])
        #expect(board.findings.isEmpty)
        var later = before
        later.resourceVersion = "5"
        board.update(later)
        #expect(board.findings.isEmpty, "another status of the same generation")
        board.update(Self.workload(generation: 5))
        #expect(board.findings.isEmpty)
        board.update(Self.workload(Self.old, annotated: Self.new, generation: 6))
        #expect(board.findings["backend"] != nil, "somebody has set it back since")
    }

    /// What was left as somebody made it stays found, so that the next change is told apart from it.
    @Test mutating func `what the pass has left is drift`() throws {
        let drifted = Self.workload("9.9.9")
        board.replace(.statefulSet, with: [drifted])
        board.expect(
            Plan(apps: [try Self.app()], commit: Self.commit, rules: Self.rules, observed: [Self.key: drifted]),
            written: [])
        #expect(board.findings["backend"]?.isOnlyDrift == true)
    }

    @Test mutating func `a refused plan waits until nothing is missing`() throws {
        board.expect(nil, written: [], refused: [try Self.app()])
        #expect(!board.isUnblocked, "before the first list nothing is known")
        board.replace(.statefulSet, with: [])
        #expect(!board.isUnblocked && board.blocked == ["backend"])
        board.update(Self.workload(Self.old, annotated: nil))
        #expect(board.isUnblocked)
        #expect(board.findings.isEmpty, "nothing was deployed that it could be compared with")
    }
}
