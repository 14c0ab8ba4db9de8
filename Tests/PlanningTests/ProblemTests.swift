import Descriptors
import Planning
import Testing
import Workloads

/// What stops a plan: with its code, who has to act, and a hint that names the way out.
@Suite struct ProblemTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var app = "web"
        var version = Shop.new
        var more = ""
        let workloads: [Workload]
        let problems: [PlanProblem.Code]
        let kind: PlanProblem.Kind
        var hint = ""
        var testDescription: String { name }
    }

    private static let doomed: Workload = {
        var workload = Shop.workload("web")
        workload.isBeingDeleted = true
        return workload
    }()

    private static let withInit: Workload = {
        var workload = Shop.workload("web", containers: ["server", "proxy"])
        workload.initContainers = [Container(name: "migrate", image: workload.containers[0].image)]
        return workload
    }()

    static let rows = [
        // The workload: a slip of the pen, the wrong kind, or not there.
        Row(
            name: "mistyped", app: "bakcend", workloads: [Shop.workload("backend"), Shop.workload("frontend")],
            problems: [.missingWorkload], kind: .missing, hint: "Did you mean \"backend\"?"),
        Row(
            name: "of another kind", workloads: [Shop.workload("web", kind: .deployment)], problems: [.missingWorkload],
            kind: .missing, hint: "kind: Deployment"),
        Row(
            name: "the nearest name is of another kind", app: "wbe",
            workloads: [Shop.workload("web", kind: .deployment)],
            problems: [.missingWorkload], kind: .missing, hint: "Create it first"),
        Row(name: "not there", workloads: [], problems: [.missingWorkload], kind: .missing, hint: "Create it first"),
        Row(name: "being deleted", workloads: [doomed], problems: [.beingDeleted], kind: .missing, hint: "Wait"),
        // The container: never patched by a name that is not there.
        Row(
            name: "mistyped container", more: "container: sevrer", workloads: [withInit], problems: [.missingContainer],
            kind: .missing, hint: "Did you mean \"server\"?"),
        Row(
            name: "containers that are all missing", more: "container: [alpha, beta]", workloads: [withInit],
            problems: [.missingContainer, .missingContainer], kind: .missing, hint: "server, proxy, migrate"),
        Row(
            name: "two containers, neither of the app's name", workloads: [withInit], problems: [.ambiguousContainer],
            kind: .refused, hint: "container: server"),
        // The channel, found without a look at the cluster.
        Row(
            name: "a channel that is not allowed", version: "1.1.0-rc-4d5e6f7", workloads: [Shop.workload("web")],
            problems: [.channelNotAllowed], kind: .refused, hint: "channel release"),
        Row(
            name: "everything at once", version: "1.1.0-rc-4d5e6f7", more: "container: nothing", workloads: [doomed],
            problems: [.channelNotAllowed, .beingDeleted, .missingContainer], kind: .refused),
    ]

    @Test("problems", arguments: rows)
    func problem(_ row: Row) throws {
        var rules = Shop.rules
        rules.channels = [.release]
        let yaml = "apps:\n" + Shop.app(row.app, row.version, row.more) + Shop.app("other")
        let plan = try Shop.plan(yaml, row.workloads + [Shop.workload("other")], rules: rules)
        #expect(plan.problems.map(\.code) == row.problems)
        let first = try #require(plan.problems.first)
        #expect(first.kind == row.kind)
        #expect(first.hint.contains(row.hint), "\(first.hint)")
        #expect(first.app.name == row.app)
        // One problem stops all: the sound app is planned, and is in no wave.
        #expect(!plan.isExecutable && plan.waves.isEmpty)
        #expect(plan.apps.map(\.app.name) == ["other"] && plan.changed.count == 1)
    }

    @Test("every problem of every app in one run, in the descriptor's order")
    func all() throws {
        let apps = (0..<500).map { Shop.app("missing-\($0)") }.joined()
        let plan = try Shop.plan("apps:\n" + apps, [])
        #expect(plan.problems.map(\.app.name) == (0..<500).map { "missing-\($0)" })
        #expect(plan.problems.allSatisfy { $0.code == .missingWorkload })
    }

    struct ContainerRow: Sendable, CustomTestStringConvertible {
        let name: String
        var more = ""
        let containers: [String]
        var initContainers: [String] = []
        let chosen: [String]
        var testDescription: String { name }
    }

    static let choices = [
        // Default: the container of the app's name, else the only one. Init containers only by name.
        ContainerRow(name: "the app's name among several", containers: ["proxy", "web"], chosen: ["web"]),
        ContainerRow(name: "the only one", containers: ["server"], initContainers: ["migrate"], chosen: ["server"]),
        ContainerRow(
            name: "the app's name, and not the init container's", containers: ["server"],
            initContainers: ["web"], chosen: ["server"]),
        // By name, in the descriptor's order.
        ContainerRow(name: "one", more: "container: proxy", containers: ["web", "proxy"], chosen: ["proxy"]),
        ContainerRow(
            name: "several, and an init container", more: "container: [migrate, web]",
            containers: ["web", "proxy"], initContainers: ["migrate"], chosen: ["init migrate", "web"]),
    ]

    @Test("which containers run the image", arguments: choices)
    func containers(_ row: ContainerRow) throws {
        var workload = Shop.workload("web", containers: row.containers)
        workload.initContainers = row.initContainers.map {
            Container(name: $0, image: ContainerImage("\(Shop.registry)/web:\(Shop.old)"))
        }
        let plan = try Shop.plan("apps:\n" + Shop.app("web", Shop.new, row.more), [workload])
        #expect(plan.problems.isEmpty)
        let app = try #require(plan.apps.first)
        #expect(app.images.map { ($0.isInit ? "init " : "") + $0.container } == row.chosen)
        #expect(app.changes.filter { $0.reason == .version }.map(\.path) == app.images.map(\.path))
    }
}
