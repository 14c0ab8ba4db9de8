import Testing
import Workloads

@testable import Planning

/// Whether a rollout begins with a canary, and how it is kept apart.
@Suite struct CanaryTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var kind: WorkloadKind = .statefulSet
        var running = Shop.old
        var strategy = "{canary: {hold: 5m}}"
        let canary: PlannedCanary?
        var notes: [PlanNote.Code] = [.canary]
        var change: @Sendable (inout Workload) -> Void = { _ in }
        var testDescription: String { "\(kind.rawValue): \(name)" }
    }

    private static func partition(_ ordinal: Int, pods: Int = 1) -> PlannedCanary {
        PlannedCanary(way: .partition(ordinal), pods: pods, hold: .seconds(300))
    }

    private static func beside(_ pods: Int = 1) -> PlannedCanary {
        let key = WorkloadKey(kind: .deployment, name: "web-canary")
        return PlannedCanary(way: .deployment(key), pods: pods, hold: .seconds(300))
    }

    // The highest ordinals of a StatefulSet; a Deployment of its own beside a Deployment.
    static let ways = [
        Row(name: "one of three", canary: partition(2)),
        Row(name: "two of three", strategy: "{canary: {pods: 2, hold: 5m}}", canary: partition(1, pods: 2)),
        Row(name: "one beside three", kind: .deployment, canary: beside()),
        Row(name: "two beside three", kind: .deployment, strategy: "{canary: {pods: 2, hold: 5m}}", canary: beside(2)),
    ]

    // Nobody is left to wait for the canaries, or nothing is replaced at all.
    static let none = [
        Row(name: "three of three", strategy: "{canary: {pods: 3, hold: 5m}}", canary: nil, notes: [.canaryIsAll]),
        Row(name: "one pod", kind: .deployment, canary: nil, notes: [.canaryIsAll]) { $0.replicas = 1 },
        Row(name: "no pod", canary: nil, notes: [.scaledToZero]) { $0.replicas = 0 },
        Row(name: "nothing to do", running: Shop.new, canary: nil, notes: []),
        Row(name: "an annotation only", running: Shop.new, canary: nil, notes: []) { $0.annotations = [:] },
        Row(name: "an annotation only", kind: .deployment, running: Shop.new, canary: nil, notes: []) {
            $0.annotations = [:]
        },
    ]

    // What an interrupted pass, or somebody else, has left in place: the canary is watched anew. Pods of the new version are
    // never taken back.
    static let left = [
        Row(name: "of an interrupted canary", running: Shop.new, canary: partition(2)) { $0.strategy.partition = 2 },
        Row(name: "more canaries already", running: Shop.new, canary: partition(1, pods: 2)) {
            $0.strategy.partition = 1
        },
        Row(name: "fewer canaries than asked for", running: Shop.new, canary: partition(2)) {
            $0.strategy.partition = 7
        },
        Row(name: "of another version", canary: partition(2)) { $0.strategy.partition = 1 },
        Row(name: "OnDelete", running: Shop.new, canary: partition(2)) {
            $0.strategy = UpdateStrategy(type: "OnDelete")
        },
    ]

    @Test(arguments: ways + none + left)
    func canaries(_ row: Row) throws {
        var workload = Shop.workload("web", kind: row.kind, version: row.running)
        row.change(&workload)
        let more = "kind: \(row.kind.rawValue)\n    strategy: \(row.strategy)"
        let plan = try Shop.plan("apps:\n" + Shop.app("web", Shop.new, more), [workload])
        let app = try #require(plan.apps.first, "\(plan.problems)")
        #expect(app.canary == row.canary)
        #expect(app.notes.map(\.code) == row.notes)
        // Whatever the first step, the plan ends with all pods replaced.
        #expect(app.changes.filter { $0.reason == .partition }.allSatisfy { $0.to == "0" })
    }

    @Test("the note says how many pods, and for how long")
    func note() throws {
        let more = "strategy: {canary: {pods: 2, hold: 90s}}"
        let sets = try Shop.plan("apps:\n" + Shop.app("web", Shop.new, more), [Shop.workload("web")])
        #expect(
            sets.apps[0].notes.map(\.message) == ["2 of 3 pods first, watched for 1m30s before the others follow"])
        let deployments = try Shop.plan(
            "apps:\n" + Shop.app("web", Shop.new, "kind: Deployment\n    \(more)"),
            [Shop.workload("web", kind: .deployment)])
        #expect(
            deployments.apps[0].notes.map(\.message) == [
                "2 more pods in deployment/web-canary first, watched for 1m30s before the others follow"
            ])
    }

    private static let deployment = "kind: Deployment\n    strategy: {canary: {hold: 5m}}"

    @Test(
        "a foreign Deployment of the canary's name refuses the app",
        arguments: [[:], ["descry.dev/canary-of": "other"]])
    func nameTaken(annotations: [String: String]) throws {
        var other = Shop.workload("web-canary", kind: .deployment)
        other.annotations.merge(annotations) { $1 }
        let app = "apps:\n" + Shop.app("web", Shop.new, Self.deployment)
        let plan = try Shop.plan(app, [Shop.workload("web", kind: .deployment), other])
        #expect(plan.problems.map(\.code) == [.canaryNameTaken])
        #expect(plan.problems.map(\.kind) == [.refused])
        // Without a canary nobody minds.
        let plain = try Shop.plan(
            "apps:\n" + Shop.app("web", Shop.new, "kind: Deployment"), [Shop.workload("web", kind: .deployment), other])
        #expect(plain.isExecutable && plain.apps.first?.leftoverCanary == nil)
    }

    /// By its annotations, so that the canary of another environment in the same namespace is left alone.
    @Test(
        "a canary that an earlier pass left is found, whether or not one is wanted now",
        arguments: [deployment, "kind: Deployment"])
    func leftover(more: String) throws {
        var left = Shop.workload("web-canary", kind: .deployment)
        left.annotations["descry.dev/canary-of"] = "web"
        let app = "apps:\n" + Shop.app("web", Shop.old, more)
        let plan = try Shop.plan(app, [Shop.workload("web", kind: .deployment), left])
        #expect(plan.apps.first?.leftoverCanary == left)
        #expect(plan.changed.isEmpty)
        left.annotations["descry.dev/environment"] = "STAGE"
        let others = try Shop.plan(app, [Shop.workload("web", kind: .deployment), left])
        #expect(others.apps.first?.leftoverCanary == nil)
        let sets = try Shop.plan("apps:\n" + Shop.app("web", Shop.old), [Shop.workload("web"), left])
        #expect(sets.apps.first?.leftoverCanary == nil)
    }

    @Test("a Deployment that must not run two versions side by side has no canary")
    func recreate() throws {
        var workload = Shop.workload("web", kind: .deployment)
        workload.strategy.type = "Recreate"
        let plan = try Shop.plan("apps:\n" + Shop.app("web", Shop.new, Self.deployment), [workload])
        #expect(plan.problems.map(\.code) == [.canaryBesideRecreate])
    }
}
