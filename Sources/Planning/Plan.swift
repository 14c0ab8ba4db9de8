import Descriptors
import Workloads

/// What has to be done so that a namespace runs what a descriptor says: a value, made without any I/O.
///
/// All problems are found in one run. A plan with a problem is not executed at all: `waves` is empty then.
public struct Plan: Sendable, Hashable {
    /// The commit of the deployment repository that asks for it.
    public let commit: String
    /// Every app without a problem, in the descriptor's order; those that need nothing included.
    public private(set) var apps: [PlannedApp]
    /// In the descriptor's order.
    public let problems: [PlanProblem]

    /// Plans in time linear in apps and workloads.
    ///
    /// - Parameters:
    ///   - wanted: the descriptor's apps, whose `after` names no cycle.
    ///   - commit: the id of the commit that the descriptor is from; it goes into the annotations.
    ///   - observed: the namespace's workloads. Where the token may only read by name, those that the descriptor names;
    ///     hints for mistyped names are then fewer, and nothing else changes. A Deployment's canary is looked for there, too.
    ///   - unsettled: those whose last rollout has not ended well. They need no write where nothing is changed, but they
    ///     are waited for in their wave like the changed ones.
    public init(
        apps wanted: [App], commit: String, rules: PlanningRules, observed: [WorkloadKey: Workload],
        unsettled: Set<WorkloadKey> = []
    ) {
        self.commit = commit
        let planner = AppPlanner(commit: commit, rules: rules)
        var hints = WorkloadHints(observed: observed)
        var planned: [PlannedApp] = []
        var problems: [PlanProblem] = []
        for app in wanted {
            if let workload = observed[app.key] {
                switch planner.plan(app, workload, beside: observed[app.key.canary]) {
                case .success(let result): planned.append(result)
                case .failure(let found): problems += found.problems
                }
            } else {
                problems += planner.problems(of: app)
                problems.append(hints.missing(app, rules: rules))
            }
        }
        self.apps = planned
        self.problems = problems
        rollOut(unsettled, among: wanted)
    }

    /// Lets the apps of these workloads be rolled out as well, though nothing about them has to be changed.
    public mutating func rollOut(_ unsettled: Set<WorkloadKey>) { rollOut(unsettled, among: apps.map(\.app)) }

    private mutating func rollOut(_ unsettled: Set<WorkloadKey>, among wanted: [App]) {
        for index in apps.indices
        where unsettled.contains(apps[index].key) || apps[index].leftoverCanary != nil {
            apps[index].isUnsettled = true
        }
        let waves = WaveOrder.waves(
            of: wanted, unchanged: Set(apps.lazy.filter { !$0.isRolledOut }.map(\.app.name)))
        for index in apps.indices { apps[index].wave = waves[apps[index].app.name] ?? 0 }
    }

    /// False where anything is wrong: then nothing at all may be written.
    public var isExecutable: Bool { problems.isEmpty }

    /// The apps that need a write, in the descriptor's order, whether or not the plan is executable.
    public var changed: [PlannedApp] { apps.filter(\.isChanged) }

    /// The changed and the unsettled apps in the order in which they are rolled out: each wave once the one before is
    /// proven. Apps that need nothing hold up nobody. Empty where the plan is not executable.
    public var waves: [[PlannedApp]] {
        guard isExecutable else { return [] }
        var waves: [[PlannedApp]] = []
        for app in apps where app.isRolledOut {
            while waves.count <= app.wave { waves.append([]) }
            waves[app.wave].append(app)
        }
        return waves
    }
}
