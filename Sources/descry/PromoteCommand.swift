import ArgumentParser
import Documents
import Git
import Reconciling
import Reporting

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Take the versions that are proven in one environment to another.",
        discussion: """
            Looks at what FROM runs, and commits those versions to TO's branch as descry set does, with the trailer \
            Promoted-From. A version is taken only where it runs in FROM now, and well, the last deployment of it there has \
            proven it, TO may run it, it has not failed in TO before, and it is newer than what TO has. Whatever speaks \
            against one of the apps keeps all of them back, and is told at once. Nothing is deployed: that is for descry apply.

            Newer are higher numbers, and the release of a candidate. Of versions with equal numbers only the source's \
            history can tell: --source-repo. Without it they are refused.

            Where TO runs releases only and FROM a candidate, its release is taken where it is known and was proven in FROM or \
            TO; else it is named, or what is missing.

            Needs both environment files, to read FROM's cluster and TO's history, and to push to TO's branch.

            EXAMPLES
              descry promote DEV STAGE backend frontend
              descry promote STAGE LIVE --all --dry-run
              descry promote STAGE LIVE --all --require-soak 1h
              descry promote DEV STAGE backend --source-repo https://git.example.com/shop/backend.git

            EXIT CODES
              0   TO's branch has the versions, by this commit or already
              64  no app is named, and --all is not either
              65  refused: a version that is not proven, has failed, is older, is of a channel that TO does not run …
              69  a server was not reached, or the branch was pushed to by others until the time was up
              77  the server refuses the push, or the token may not read a history
            """)

    @Argument(help: .init("The environment that the versions are taken from, such as STAGE.", valueName: "from"))
    var from: String

    @Argument(help: .init("The environment that gets them, such as LIVE.", valueName: "to"))
    var to: String

    @Argument(help: .init("The apps.", valueName: "app"))
    var apps: [String] = []

    @Flag(help: "All apps that both environments have.")
    var all = false

    @Option(
        help: .init("How long the versions must have been proven without a break, such as 1h.", valueName: "duration"),
        transform: { try DurationText.parse($0) })
    var requireSoak: Duration?

    @Flag(help: "Also take versions that are older than what TO has, or that may be.")
    var allowDowngrade = false

    @Flag(
        help: "Also take versions that failed in TO before, where the cause is mended. TO's history is not read then.")
    var retry = false

    @Option(
        parsing: .singleValue,
        help: .init(
            "The apps' source, to tell which of two versions with equal numbers is newer; APP=URL where each has its own.",
            valueName: "url"))
    var sourceRepo: [String] = []

    @OptionGroup(title: "Commit") var change: ChangeOptions
    @OptionGroup(title: "Environments") var files: EnvironmentFiles
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if apps.isEmpty && !all {
            throw ValidationError("name the apps, or use --all for all that both environments have")
        }
        if !apps.isEmpty && all { throw ValidationError("use either --all or the names of apps") }
    }

    func run() async throws { try await common.finishChange { [self] in try await promote() } }

    private func promote() async throws -> ChangeReport {
        let variables = common.variables
        let sources = try SourceRepositories(sourceRepo)
        let commit = try await change.commit.commit(variables)
        let (source, target) = (try connections(from, variables), try connections(to, variables))
        return try await source.withRepository { sourceRepository in
            try await source.withCluster { sourceCluster in
                let origin = Promotion.Origin(
                    environment: source.environment, repository: sourceRepository, cluster: sourceCluster)
                return try await target.withRepository { repository in
                    try await sources.withLineage(source) { lineage in
                        let change = change.change(target.environment.descriptorLocation, repository, commit)
                        return try await promote(origin, to: target, change, lineage)
                    }
                }
            }
        }
    }

    private func promote(
        _ origin: Promotion.Origin, to target: Connections, _ change: VersionChange, _ lineage: SourceLineage?
    ) async throws -> ChangeReport {
        let request = Promotion.Request(
            apps: all ? nil : apps, soak: requireSoak, allowsDowngrade: allowDowngrade, retries: retry)
        func run(_ history: HistoryStore?) async throws -> ChangeReport {
            try await Promotion(request, from: origin, history: history, change: change, lineage: lineage).run()
        }
        if retry { return try await run(nil) }
        return try await target.withCluster { cluster in
            try await run(HistoryStore(cluster: cluster, environment: target.environment))
        }
    }

    private func connections(_ name: String, _ variables: [String: String]) throws -> Connections {
        let (environment, warnings) = try files.resolve(name, variables)
        for warning in warnings { OutputStream.standardError.write(warning.description + "\n") }
        return Connections(
            environment: environment, variables: variables,
            cacheFolder: Connections.cacheFolder(files.cache, variables), logger: common.logger())
    }
}
