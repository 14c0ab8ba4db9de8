import Descriptors
import Documents
import Workloads

/// The first step of a rollout that is made in two: some pods get the version and are watched, then the others follow.
public struct PlannedCanary: Sendable, Hashable {
    /// How the canaries are kept apart from the other pods.
    public enum Way: Sendable, Hashable {
        /// Of a StatefulSet: those with this ordinal and higher ones.
        case partition(Int)
        /// Of a Deployment: those of a second one, which is removed afterwards.
        case deployment(WorkloadKey)
    }

    public let way: Way
    /// How many pods are canaries.
    public let pods: Int
    /// How long they are watched once they are proven.
    public let hold: Duration
}

extension PlannedApp {
    /// The ordinal of a StatefulSet's first canary; nil for the other kinds, and where no canary is made.
    public var canaryPartition: Int? {
        if case .partition(let ordinal) = canary?.way { ordinal } else { nil }
    }
}

/// Decides whether an app's rollout begins with a canary. Pure.
struct CanaryPlanner {
    let app: App
    let workload: Workload
    let rules: PlanningRules
    /// What is there under the name of a Deployment's canary.
    let beside: Workload?

    /// True where `beside` was made as this workload's canary by this environment: a pass has ended without removing it.
    private var isLeftover: Bool {
        beside?.annotations[WorkloadAnnotation.canaryOf] == workload.key.name
            && beside?.annotations[WorkloadAnnotation.environment] == rules.environment
    }

    var leftover: Workload? { isLeftover ? beside : nil }

    var problems: [PlanProblem] {
        guard app.canary != nil, app.kind == .deployment else { return [] }
        var problems: [PlanProblem] = []
        if let beside, !isLeftover {
            problems.append(
                PlanProblem(
                    app: app, code: .canaryNameTaken,
                    message:
                        "\(beside.key) in namespace \(rules.namespace) is not the canary of \(app.key), and has its name",
                    hint: "Rename it, or remove \"strategy\" from \(app.name)"))
        }
        // Such an app cannot bear two versions at once: one volume, one lock, one schema.
        if workload.strategy.type == "Recreate" {
            problems.append(
                PlanProblem(
                    app: app, code: .canaryBesideRecreate,
                    message: "\(app.key) has the strategy Recreate: old and new pods must not run side by side",
                    hint: "Remove \"strategy\" from \(app.name), or let the Deployment roll"))
        }
        return problems
    }

    /// Nil where all pods are replaced at once; then a note says why, if a canary was asked for.
    func canary(_ images: [ImageTarget], _ changes: [FieldChange]) -> (canary: PlannedCanary?, note: PlanNote?) {
        guard let wanted = app.canary, needsRollout(changes), workload.replicas > 0 else { return (nil, nil) }
        guard workload.replicas > wanted.pods else {
            let note = PlanNote(
                code: .canaryIsAll,
                message:
                    "\(workload.key) has \(workload.replicas) pod\(workload.replicas == 1 ? "" : "s"), so all of them would "
                    + "be canaries: they are replaced without a canary")
            return (nil, note)
        }
        switch workload.key.kind {
        case .daemonSet: return (nil, nil)
        case .deployment:
            return told(PlannedCanary(way: .deployment(workload.key.canary), pods: wanted.pods, hold: wanted.hold))
        case .statefulSet:
            let ordinal = partition(wanted, images)
            return told(
                PlannedCanary(way: .partition(ordinal), pods: workload.replicas - ordinal, hold: wanted.hold))
        }
    }

    /// A partition that is lower already, for the same images, is kept: pods of the new version are never taken back to
    /// have fewer canaries.
    private func partition(_ wanted: Canary, _ images: [ImageTarget]) -> Int {
        let ordinal = workload.replicas - wanted.pods
        guard let found = workload.strategy.partition, found > 0, images.allSatisfy({ $0.current == $0.desired }) else {
            return ordinal
        }
        return min(ordinal, found)
    }

    /// Only what replaces pods is worth a canary. A partition is what an interrupted canary leaves behind.
    private func needsRollout(_ changes: [FieldChange]) -> Bool {
        changes.contains { [.version, .driftedImage, .registry, .strategy, .partition].contains($0.reason) }
    }

    private func told(_ canary: PlannedCanary) -> (canary: PlannedCanary?, note: PlanNote?) {
        let pods =
            switch canary.way {
            case .partition: "\(canary.pods) of \(workload.replicas) pods"
            case .deployment(let key): "\(canary.pods) more pod\(canary.pods == 1 ? "" : "s") in \(key)"
            }
        let hold = DurationText.format(canary.hold)
        return (
            canary, PlanNote(code: .canary, message: "\(pods) first, watched for \(hold) before the others follow")
        )
    }
}
