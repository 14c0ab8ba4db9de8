import Descriptors
import Documents
import Planning
import Reporting
import Workloads

/// From what runs in some namespaces to a deployment repository and what its operator needs: everything as values, before
/// anything is written. Pure.
///
/// What a descriptor says of a workload is checked by the planner, on the very objects that it was read from: an app of which the
/// first `apply` would change the image is left out.
public struct Bootstrap: Sendable {
    /// An environment that is asked for.
    public struct Wanted: Sendable {
        public var name: String
        public var namespace: String
        /// Each as a flag would say it, no secret among them: what the environment file is to say besides the
        /// registry.
        public var settings: [EnvironmentSetting: String]
        /// Nil where the images decide.
        public var registry: String?
        /// The kubeconfig's context that the workloads were read through.
        public var context: String?
        public var inventory: WorkloadInventory.Reading

        public init(
            name: String, namespace: String, settings: [EnvironmentSetting: String], registry: String?,
            context: String?,
            inventory: WorkloadInventory.Reading
        ) {
            self.name = name
            self.namespace = namespace
            self.settings = settings
            self.registry = registry
            self.context = context
            self.inventory = inventory
        }
    }

    /// What one environment consists of.
    public struct Draft: Sendable {
        public let environment: Environment
        public let context: String?
        public let descriptor: String
        public let environmentFile: String
        /// What `descry rbac` prints for it.
        public let access: String
        let apps: [FoundApp]
        let notes: [String: [String]]
        public let leftOut: [InitReport.LeftOut]

        public var name: String { environment.name }
    }

    public let drafts: [Draft]
    /// Which registry was chosen, and why; nil where it was given.
    public let registryNote: String?

    /// - Parameters:
    ///   - folder: where the environment files will lie, for messages.
    ///   - workingFolder: where relative paths of the settings begin.
    /// - Throws: `Refused`: `no-registry` where none is given and no image has a version; whatever is wrong with the settings.
    public init(_ wanted: [Wanted], folder: String, workingFolder: String) throws(Refused) {
        var chosen: ImageRepository?
        var note: String?
        if wanted.contains(where: { $0.registry == nil }) {
            let vote = RegistryVote(wanted.filter { $0.registry == nil }.flatMap(\.inventory.workloads))
            guard let winner = vote.winner else { throw Self.noRegistry(wanted) }
            chosen = winner
            note =
                "the registry is \(winner), where \(vote.count) of \(vote.total) images with a version lie; --registry names "
                + "another one"
        }
        var drafts: [Draft] = []
        for one in wanted {
            var settings = one.settings
            settings[.registry] = one.registry ?? chosen?.description
            settings[.namespace] = one.namespace
            let text = EnvironmentFileText.render(name: one.name, settings, from: workingFolder)
            drafts.append(try Self.draft(one, text, file: "\(folder)/\(one.name).yaml"))
        }
        self.drafts = drafts
        registryNote = note
    }

    private static func noRegistry(_ wanted: [Wanted]) -> Refused {
        let namespaces = Set(wanted.map(\.namespace)).sorted().joined(separator: ", ")
        return Refused([
            Diagnostic(
                code: "no-registry",
                message: "no image in \(namespaces) has a version as its tag, so the registry cannot be told from them",
                hint: "Name it: --registry HOST[:PORT][/PATH]", file: "--registry")
        ])
    }

    private static func draft(_ wanted: Wanted, _ text: String, file: String) throws(Refused) -> Draft {
        let environment = try EnvironmentSettings.parse(Array(text.utf8), file: file, expecting: wanted.name)
            .resolve(name: wanted.name)
        let found = try Selection(wanted.inventory.workloads, environment)
        let kinds = Set(found.apps.map(\.key.kind))
        let access = AccessManifests(
            environment: environment, scope: .kinds(kinds.isEmpty ? [.statefulSet] : kinds), includesTokenSecret: false)
        return Draft(
            environment: environment, context: wanted.context, descriptor: found.descriptor, environmentFile: text,
            access: access.yaml(), apps: found.apps, notes: found.notes, leftOut: found.leftOut)
    }

    /// What the report says of an environment, before there is a commit.
    func report(_ draft: Draft, isCertain: Bool) -> InitReport.Environment {
        InitReport.Environment(
            environment: draft.name, namespace: draft.environment.namespace, context: draft.context,
            registry: draft.environment.registry, versions: draft.environment.channels.map(\.rawValue).sorted(),
            descriptor: draft.descriptor,
            apps: draft.apps.map {
                InitReport.App(
                    app: $0.key.name, kind: $0.key.kind.rawValue, version: $0.version.text, containers: $0.containers,
                    image: $0.image, notes: draft.notes[$0.key.name] ?? [])
            }, leftOut: draft.leftOut,
            notes: isCertain
                ? []
                : [
                    "nothing was found in \(draft.environment.namespace), and whether there is such a namespace may not be asked"
                ])
    }
}

/// The apps of one environment: chosen, written as a descriptor, and checked against what runs.
private struct Selection {
    var apps: [FoundApp] = []
    var leftOut: [InitReport.LeftOut] = []
    var notes: [String: [String]] = [:]
    var descriptor = ""

    init(_ workloads: [Workload], _ environment: Environment) throws(Refused) {
        let registry: ImageRepository
        do throws(ImageRepositoryError) {
            registry = try ImageRepository(registry: environment.registry)
        } catch {
            throw Refused([
                Diagnostic(code: "invalid-registry", message: error.message, hint: error.hint, file: "--registry")
            ])
        }
        let choice = WorkloadChoice(
            environment: environment.name, registry: registry, channels: environment.channels)
        var taken: [String: WorkloadKey] = [:]
        for workload in workloads.sorted(by: Self.precedes) {
            switch choice.choose(workload) {
            case .failure(let reason): leftOut.append(reason)
            case .success(let app):
                if let other = taken[app.key.name] {
                    leave(
                        app.key, "name-taken", "\(other) has its name, and a descriptor names every app once",
                        "Deploy one of them under another name")
                    continue
                }
                taken[app.key.name] = app.key
                apps.append(app)
            }
        }
        try check(environment, workloads)
        leftOut.sort { ($0.workload.drop { $0 != "/" }, $0.workload) < ($1.workload.drop { $0 != "/" }, $1.workload) }
    }

    /// By name; of one name StatefulSets first, which are a descriptor's default.
    private static func precedes(_ left: Workload, _ right: Workload) -> Bool {
        func rank(_ key: WorkloadKey) -> Int { WorkloadKind.allCases.firstIndex(of: key.kind) ?? 0 }
        return (left.key.name, rank(left.key)) < (right.key.name, rank(right.key))
    }

    private mutating func leave(_ key: WorkloadKey, _ code: String, _ reason: String, _ hint: String) {
        leftOut.append(InitReport.LeftOut(workload: key.description, code: code, reason: reason, hint: hint))
    }

    /// Reads what was written as `plan` does: whatever would get another image than it runs is not as it was found.
    private mutating func check(_ environment: Environment, _ workloads: [Workload]) throws(Refused) {
        let observed = Dictionary(workloads.map { ($0.key, $0) }) { first, _ in first }
        descriptor = DescriptorText.render(environment: environment.name, apps)
        let plan = Plan(
            apps: try Descriptor.parse(Array(descriptor.utf8), file: "\(environment.name):\(environment.descriptor)")
                .apps,
            commit: "", rules: PlanningRules(environment), observed: observed)
        var wrong: Set<String> = []
        for problem in plan.problems where wrong.insert(problem.app.name).inserted {
            leave(problem.app.key, problem.code.rawValue, problem.message, problem.hint)
        }
        for planned in plan.apps {
            let moved = planned.changes.filter { [.version, .driftedImage, .registry].contains($0.reason) }
            if let change = moved.first, wrong.insert(planned.app.name).inserted {
                leave(
                    planned.app.key, "not-as-found",
                    "the descriptor would change \(change.path) from \(change.from ?? "nothing") to \(change.to)",
                    "Write it into the descriptor yourself")
            }
            notes[planned.app.name] =
                planned.changes.filter { [.strategy, .partition].contains($0.reason) }.map {
                    "the first apply sets \($0.path) to \($0.to), from \($0.from ?? "nothing")"
                } + planned.notes.map(\.message)
        }
        for app in apps { notes[app.key.name, default: []] += app.notes }
        guard !wrong.isEmpty else { return }
        apps.removeAll { wrong.contains($0.key.name) }
        descriptor = DescriptorText.render(environment: environment.name, apps)
    }
}
