import Descriptors
import Documents
import Workloads

/// Which containers of a workload run an app's image.
///
/// Those that the descriptor names, init containers too; else the container of the app's name, else the only one. A
/// name that is not there is never patched: an apply patch would add a container of that name.
struct ContainerChoice {
    struct Chosen {
        let name: String
        let isInit: Bool
        let image: ContainerImage
    }

    private(set) var containers: [Chosen] = []
    private(set) var problems: [PlanProblem] = []

    init(app: App, workload: Workload) {
        guard let names = app.containers else {
            chooseByRule(app, workload)
            return
        }
        var seen: Set<String> = []
        for name in names where seen.insert(name).inserted {
            if let container = workload.containers.first(where: { $0.name == name }) {
                containers.append(Chosen(name: name, isInit: false, image: container.image))
            } else if let container = workload.initContainers.first(where: { $0.name == name }) {
                containers.append(Chosen(name: name, isInit: true, image: container.image))
            } else {
                problems.append(Self.missing(name, app, workload))
            }
        }
    }

    private mutating func chooseByRule(_ app: App, _ workload: Workload) {
        let all = workload.containers
        if let container = all.first(where: { $0.name == app.name }) ?? (all.count == 1 ? all.first : nil) {
            containers = [Chosen(name: container.name, isInit: false, image: container.image)]
            return
        }
        let names = all.map(\.name).joined(separator: ", ")
        problems = [
            PlanProblem(
                app: app, code: .ambiguousContainer,
                message: "\(app.key) has the containers \(names), and none is named \(app.name)",
                hint: "Say in the descriptor which one runs the app: \"container: \(all.first?.name ?? app.name)\"")
        ]
    }

    private static func missing(_ name: String, _ app: App, _ workload: Workload) -> PlanProblem {
        let names = (workload.containers + workload.initContainers).map(\.name)
        let nearest = NearestName.of(name, among: names)
        return PlanProblem(
            app: app, code: .missingContainer, message: "\(app.key) has no container \(name)",
            hint: nearest.map { "Did you mean \"\($0)\"?" } ?? "Its containers are \(names.joined(separator: ", "))")
    }
}
