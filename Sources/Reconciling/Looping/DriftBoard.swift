import Descriptors
import Planning
import Workloads

/// What sets the workloads of a namespace apart from the descriptor that was deployed there last. Pure: it plans from what is
/// observed and nothing else, so that a change of status alone is no news.
struct DriftBoard: Sendable {
    /// One app that is not as the last pass left it.
    struct Finding: Sendable, Hashable {
        var workload: WorkloadKey
        /// Empty where it is gone.
        var uid: String
        /// What the plan would change; empty where it could not be carried out.
        var changes: [FieldChange]
        /// Why the plan could not be carried out, such as `missing-workload`.
        var problem: String?
        /// Nothing but what `drift: report` leaves as it is.
        var isOnlyDrift: Bool
    }

    private let rules: PlanningRules
    private var apps: [WorkloadKey: App] = [:]
    private var commit = ""
    private var workloads: [WorkloadKey: Workload] = [:]
    private var kinds: Set<WorkloadKind> = []
    /// The versions of workloads that the last pass has written over: a watch that still shows them is behind.
    private var outdated: [WorkloadKey: Outdated] = [:]
    /// By app.
    private(set) var findings: [String: Finding] = [:]
    /// What kept the branch's own commit from being deployed, where that was its plan.
    private var refused: [WorkloadKey: App] = [:]
    /// The apps of those that cannot be planned yet.
    private(set) var blocked: Set<String> = []

    private struct Outdated: Sendable {
        var uid: String
        var generation: Int64
        var resourceVersion: String
        var changesSpec: Bool

        func covers(_ workload: Workload) -> Bool {
            guard workload.uid == uid else { return false }
            return changesSpec ? workload.generation <= generation : workload.resourceVersion == resourceVersion
        }
    }

    init(rules: PlanningRules) { self.rules = rules }

    /// A pass has ended: from now on this is what is compared with.
    ///
    /// - Parameters:
    ///   - plan: of what it has deployed, or kept; nil where that is not known.
    ///   - written: the apps that the pass has written.
    ///   - refused: what it could not plan, of a commit that was refused: worth another try once none of it is missing any more.
    mutating func expect(_ plan: Plan?, written: Set<String>, refused: [App] = []) {
        commit = plan?.commit ?? ""
        self.refused = Dictionary(refused.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        blocked = Set(refused.map(\.name))
        apps = Dictionary((plan?.apps ?? []).map { ($0.key, $0.app) }, uniquingKeysWith: { first, _ in first })
        outdated = [:]
        for planned in plan?.changed ?? [] where written.contains(planned.app.name) {
            let workload = planned.workload
            outdated[planned.key] = Outdated(
                uid: workload.uid, generation: workload.generation, resourceVersion: workload.resourceVersion,
                changesSpec: planned.changesSpec)
        }
        findings = [:]
        for key in expected { judge(key) }
    }

    private var expected: Set<WorkloadKey> { Set(apps.keys).union(refused.keys) }

    /// What the refused commit could not be planned for is there now, as far as can be seen.
    var isUnblocked: Bool { !refused.isEmpty && blocked.isEmpty }

    mutating func replace(_ kind: WorkloadKind, with all: [Workload]) {
        kinds.insert(kind)
        for key in workloads.keys where key.kind == kind { workloads[key] = nil }
        for workload in all { workloads[workload.key] = workload.trimmed }
        for key in expected where key.kind == kind { judge(key) }
    }

    mutating func update(_ workload: Workload) {
        workloads[workload.key] = workload.trimmed
        judge(workload.key)
    }

    mutating func remove(_ key: WorkloadKey) {
        workloads[key] = nil
        judge(key)
    }

    /// Kinds that are no longer observed are known no more.
    mutating func observe(only kept: Set<WorkloadKind>) {
        kinds.formIntersection(kept)
        for key in workloads.keys where !kept.contains(key.kind) { workloads[key] = nil }
    }

    private mutating func judge(_ key: WorkloadKey) {
        guard kinds.contains(key.kind) else { return }
        if let app = refused[key] {
            if plan(app).problems.isEmpty { blocked.remove(app.name) } else { blocked.insert(app.name) }
        }
        guard let app = apps[key] else { return }
        if let workload = workloads[key], let old = outdated[key] {
            if old.covers(workload) { return }
            outdated[key] = nil
        }
        let plan = plan(app)
        findings[app.name] =
            if let problem = plan.problems.first {
                Finding(
                    workload: key, uid: workloads[key]?.uid ?? "", changes: [], problem: problem.code.rawValue,
                    isOnlyDrift: false)
            } else if let planned = plan.apps.first, planned.isChanged {
                Finding(
                    workload: key, uid: planned.workload.uid, changes: planned.changes, problem: nil,
                    isOnlyDrift: planned.isOnlyDrift)
            } else {
                nil
            }
    }

    private func plan(_ app: App) -> Plan {
        Plan(apps: [app], commit: commit, rules: rules, observed: workloads[app.key].map { [app.key: $0] } ?? [:])
    }
}

extension Workload {
    /// Only what planning reads: of a thousand workloads nothing else is to be kept.
    fileprivate var trimmed: Workload {
        var kept = self
        kept.annotations = annotations.filter { WorkloadAnnotation.all.contains($0.key) }
        kept.selector = PodSelector(matchLabels: [:])
        kept.status = WorkloadStatus(observedGeneration: 0, replicas: 0, ready: 0, updated: 0)
        return kept
    }
}
