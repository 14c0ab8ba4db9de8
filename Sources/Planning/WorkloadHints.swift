import Descriptors
import Documents
import Workloads

/// Finds what the user may have meant by the name of a workload that is not there.
struct WorkloadHints {
    let observed: [WorkloadKey: Workload]
    /// Looking for the nearest name is linear in the workloads. After this many missing apps the namespace or the
    /// descriptor is the wrong one, and single names help nobody.
    private var searchesLeft = 20
    private var namesOfKind: [WorkloadKind: [String]]?

    init(observed: [WorkloadKey: Workload]) { self.observed = observed }

    mutating func missing(_ app: App, rules: PlanningRules) -> PlanProblem {
        PlanProblem(
            app: app, code: .missingWorkload,
            message: "\(app.key) does not exist in namespace \(rules.namespace)", hint: hint(for: app, rules))
    }

    private mutating func hint(for app: App, _ rules: PlanningRules) -> String {
        let others = WorkloadKind.allCases.filter {
            $0 != app.kind && observed[WorkloadKey(kind: $0, name: app.name)] != nil
        }
        if let other = others.first {
            return "There is a \(other.rawValue) of that name: set \"kind: \(other.rawValue)\""
        }
        if searchesLeft > 0 {
            searchesLeft -= 1
            if let nearest = NearestName.of(app.name, among: names(of: app.kind)) {
                return "Did you mean \"\(nearest)\"?"
            }
        }
        return "Create it first (Descry changes workloads and never creates them), or correct the name"
    }

    private mutating func names(of kind: WorkloadKind) -> [String] {
        if let namesOfKind { return namesOfKind[kind] ?? [] }
        let names = Dictionary(grouping: observed.keys.sorted(), by: \.kind).mapValues { $0.map(\.name) }
        namesOfKind = names
        return names[kind] ?? []
    }
}
