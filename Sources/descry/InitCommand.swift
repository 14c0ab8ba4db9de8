import ArgumentParser
import FoundationEssentials
import Git
import Kubernetes
import Reconciling
import Reporting
import Workloads

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a deployment repository from what runs in a cluster.",
        discussion: """
            Reads the StatefulSets, Deployments and DaemonSets of the namespaces, and makes a folder with a deployment repository \
            that has one branch an environment, each with a descriptor of what runs there now, and beside it what belongs to the \
            operator: the environment files, the rights (as descry rbac prints them), and a README with the next commands. \
            Nothing is written to the cluster, and nothing is ever overwritten: the folder is made as a whole, or not at all.

            An app is a workload whose image lies on the registry's host and has a version as its tag \
            (MAJOR.MINOR.PATCH-(rc|release)-SHA). What is none is left out and named, with the reason. The finished descriptor \
            is planned against the cluster that it was read from: it changes no image.

            Without --repository the environment files name the repository in the folder, which descry plan and apply take at \
            once. With --push the branches are pushed to --repository, all or none; it must not have them yet.

            --registry, --versions and --context go for all environments, or as ENV=VALUE for one. --versions is release for \
            LIVE, PROD and PRODUCTION, and rc,release for others. The kubeconfig's current context is written into the \
            environment files, so that they mean the same cluster whatever the current one is later.

            EXAMPLES
              descry init --environment DEV=shop-dev --environment STAGE=shop-stage --environment LIVE=shop-live
              descry init shop --environment DEV=shop-dev --dry-run
              descry init --repository https://git.example.com/shop/deployments.git --push \\
                --environment DEV=shop-dev --environment LIVE=shop --context LIVE=live --registry nexus.example.com/shop
              descry init --environment DEV=shop-dev -o json | jq '.environments[].leftOut'

            EXIT CODES
              0   the folder is there (with --push the branches, too)
              65  the folder is not empty, the repository has one of the branches, or no registry can be told from the images
              69  the API server or the git server was not reached
              77  the workloads of a namespace may not be listed, or the server refuses the push
              78  there is no such namespace
            """)

    @Argument(help: .init("The folder to make.", valueName: "directory"))
    var directory = "deployment"

    @Option(
        name: .customLong("environment"), parsing: .singleValue,
        help: .init("An environment and the namespace that it is; at least one.", valueName: "env=namespace"))
    var environments: [Assignment] = []

    @Option(
        parsing: .singleValue,
        help: .init(
            "Where images lie (default: where most images with a version do) [DESCRY_REGISTRY].",
            valueName: "[env=]registry"))
    var registry: [String] = []

    @Option(
        parsing: .singleValue,
        help: .init("The channels that may run: rc, release or both.", valueName: "[env=]channels"))
    var versions: [String] = []

    @Option(
        name: .customLong("kind"), parsing: .singleValue,
        help: .init(
            "A kind of workload to look at; may be given several times (default: all three).", valueName: "kind"))
    var kinds: [WorkloadKind] = []

    @Option(
        name: [.customShort("l"), .long],
        help: .init("Look only at workloads with these labels, as kubectl takes it.", valueName: "labels"))
    var selector: String?

    @Flag(help: "Push the branches to --repository, which must not have them yet.")
    var push = false

    @Flag(help: "Show what would be made, and write nothing.")
    var dryRun = false

    @OptionGroup(title: "Cluster") var cluster: InitClusterOptions
    @OptionGroup(title: "Repository") var repository: InitRepositoryOptions
    @OptionGroup(title: "Commit") var commit: CommitOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if environments.isEmpty { throw ValidationError("name at least one --environment ENV=NAMESPACE") }
        var names: Set<String> = []
        // The names of files, and of objects in the cluster, are those in lower case.
        for one in environments where !names.insert(one.name.lowercased()).inserted {
            throw ValidationError("the environment \(one.name) is named twice")
        }
        if directory.isEmpty { throw ValidationError("the folder's name is empty") }
        for (flag, values) in [("--registry", registry), ("--versions", versions), ("--context", cluster.context)] {
            let one = EachEnvironment(values, names: environments.map(\.name))
            if let twice = one.twice { throw ValidationError("\(flag) says two things for \(twice)") }
        }
    }

    func run() async throws { try await common.finishChange { [self] in try await make() } }

    private func make() async throws -> InitReport {
        let variables = common.variables
        let address = repository.address(variables)
        if push && address == nil {
            throw Failure(status: .usage, code: "usage", message: "--push needs --repository")
        }
        let folder = try DeploymentFolder(directory)
        let commit = try await self.commit.commit(variables)
        let sources = try environments.map {
            try InitSource($0, address ?? "../" + DeploymentFolder.repositoryName, self)
        }
        var wanted: [Bootstrap.Wanted] = []
        var places: [String: String] = [:]
        for source in sources {
            let one = try await read(source)
            wanted.append(one.wanted)
            guard let other = places.updateValue(one.wanted.name, forKey: "\(one.server)/\(source.namespace)") else {
                continue
            }
            throw Failure(
                status: .usage, code: "usage",
                message:
                    "\(other) and \(source.name) are one namespace, \(source.namespace): they would undo each other's changes"
            )
        }
        let bootstrap = try Bootstrap(
            wanted, folder: directory + "/environments", workingFolder: FileManager.default.currentDirectoryPath)
        let uncertain = Set(wanted.filter { !$0.inventory.isCertain }.map(\.name))
        func run(_ destination: InitRun.Destination) async throws -> InitReport {
            try await InitRun(
                directory: directory, folder: folder, bootstrap: bootstrap, uncertain: uncertain,
                destination: destination, commit: commit
            ).run(isDryRun: dryRun)
        }
        guard let address else { return try await run(.folder) }
        guard push, let source = sources.first else { return try await run(.later(address: address)) }
        let connection = RepositoryConnection(
            remote: try RemoteURL(address), settings: source.settings.git, variables: variables,
            cacheFolder: Connections.cacheFolder(nil, variables), logger: common.logger())
        return try await connection.withRepository { try await run(.push(address: address, $0)) }
    }

    private func read(_ source: InitSource) async throws -> (wanted: Bootstrap.Wanted, server: ServerAddress) {
        let configuration = try Connections.configuration(source.settings.cluster, common.variables)
        var texts = source.texts
        // Whatever the current context is later, the environment is where it was found.
        if let context = configuration.context { texts[.clusterContext] = context }
        let client = KubernetesClient(
            configuration: configuration, options: ClientOptions(version: Version.text), logger: common.logger())
        let inventory: WorkloadInventory.Reading
        do {
            inventory = try await WorkloadInventory(cluster: client, namespace: source.namespace).read(
                kinds.isEmpty ? Set(WorkloadKind.allCases) : Set(kinds), selector: selector)
        } catch {
            try await client.close()
            throw error
        }
        try await client.close()
        let wanted = Bootstrap.Wanted(
            name: source.name, namespace: source.namespace, settings: texts, registry: source.registry,
            context: configuration.context, inventory: inventory)
        return (wanted, configuration.server)
    }
}
