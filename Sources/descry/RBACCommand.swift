import ArgumentParser
import Descriptors
import Reconciling
import Reporting
import Workloads

struct RBACCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rbac",
        abstract: "Print the least rights that an environment needs.",
        discussion: """
            Prints a ServiceAccount, a Role and a RoleBinding for the environment's namespace, and how to get a token. \
            With --named the descriptor is read, and only its workloads may be read by name and patched. RBAC cannot \
            restrict list and watch by name; --no-list leaves them out, and Descry then polls. The right to ask pods for \
            their health is printed with --health, or with --named where the descriptor has apps with `health`. Where \
            verify.job is set, the rights to make a Job after it are among them.

            EXAMPLES
              descry rbac DEV | kubectl apply -f -
              descry rbac LIVE --named
              descry rbac LIVE --kind StatefulSet --kind Deployment --canary
              descry rbac LIVE --service-account descry/descry > deploy/base/access/LIVE.yaml
            """)

    @OptionGroup(title: "Environment") var environment: EnvironmentOptions
    @OptionGroup var common: CommonOptions

    @Option(
        name: .customLong("kind"), parsing: .singleValue,
        help: .init(
            "A kind of workload to allow; may be given several times (default: StatefulSet).", valueName: "kind"))
    var kinds: [WorkloadKind] = []

    @Flag(help: "Allow only the workloads that the descriptor names now.")
    var named = false

    @Flag(
        name: .customLong("no-list"), help: "With --named: no list and watch of workloads; Descry reads them by name.")
    var noList = false

    @Flag(
        help: """
            Also allow what canaries of Deployments need: to create and delete Deployments. With --named the descriptor decides.
            """)
    var canary = false

    @Flag(
        help: """
            Workloads and the reading of pods alone (and what verify.job needs): no lock, no history, no events, and no \
            stuck pod is replaced.
            """)
    var minimal = false

    @Flag(help: "Also allow to ask pods for their health, for apps with `health` (GET to any port of any pod).")
    var health = false

    @Flag(help: "Also print a Secret for a token without expiry (for Jenkins, or Kubernetes before 1.24).")
    var tokenSecret = false

    @Option(
        help: .init(
            "Give the rights to a ServiceAccount that is there already, that of `descry run`, and print none.",
            valueName: "namespace/name"))
    var serviceAccount: AccessManifests.Account?

    func validate() throws {
        if tokenSecret && serviceAccount != nil {
            throw ValidationError("--token-secret and --service-account exclude each other")
        }
        if noList && !named { throw ValidationError("--no-list needs --named") }
        if named && !kinds.isEmpty { throw ValidationError("--kind and --named exclude each other") }
        if named && canary { throw ValidationError("--canary and --named exclude each other: the descriptor decides") }
        if canary && !kinds.contains(.deployment) {
            throw ValidationError("--canary needs --kind Deployment: a canary of a StatefulSet needs no further right")
        }
    }

    func run() async throws {
        try await common.finish {
            let variables = common.variables
            let resolved = try environment.resolve(variables)
            let apps = named ? try await apps(resolved, variables) : []
            let manifests = AccessManifests(
                environment: resolved, scope: scope(apps), canaries: named ? .init(apps) : canary ? .any : .none,
                isMinimal: minimal, asksHealth: health || apps.contains { $0.health != nil },
                account: serviceAccount, includesTokenSecret: tokenSecret)
            if common.output.format == .json {
                common.output.printJSON(manifests.list)
            } else {
                OutputStream.standardOutput.write(manifests.yaml())
            }
            return .done
        }
    }

    private func scope(_ apps: [App]) -> AccessManifests.Scope {
        guard named else { return .kinds(kinds.isEmpty ? [.statefulSet] : Set(kinds)) }
        return noList ? .workloadsByNameOnly(apps.map(\.key)) : .workloads(apps.map(\.key))
    }

    /// What the descriptor names now.
    private func apps(_ resolved: Environment, _ variables: [String: String]) async throws -> [App] {
        let connections = Connections(
            environment: resolved, variables: variables,
            cacheFolder: Connections.cacheFolder(environment.cache, variables), logger: common.logger())
        return try await connections.withRepository { repository in
            try await DescriptorSource(environment: resolved, repository: repository).current().apps
        }
    }
}

extension AccessManifests.Account: ExpressibleByArgument {
    public init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(namespace: parts[0], name: parts[1])
    }
}

extension WorkloadKind: ExpressibleByArgument {
    public init?(argument: String) {
        guard let kind = Self.allCases.first(where: { $0.rawValue.lowercased() == argument.lowercased() }) else {
            return nil
        }
        self = kind
    }
}
