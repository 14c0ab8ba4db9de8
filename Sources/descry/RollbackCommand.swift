import ArgumentParser
import Documents
import Git
import Reconciling
import Reporting

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Take apps back to versions that were proven before, by a commit.",
        discussion: """
            Commits, for each app, the version that was proven before the present one first was, as descry set does, with the \
            trailer Restored-From. Other apps keep what they have. Where no app is named, those are taken back that the last \
            deployment changed and that nobody has changed since. Nothing is deployed: that is for descry apply.

            --to names a deployment by its number in descry history, or a commit; then the apps, all where none is named, get the \
            versions of its descriptor. A version that was never proven in this environment, or has failed since, is refused.

            Needs the environment's file, to read its history from the cluster and to push to its branch.

            EXAMPLES
              descry rollback LIVE
              descry rollback LIVE backend --dry-run
              descry rollback LIVE --to 41
              descry rollback LIVE backend frontend --to 4160108512

            EXIT CODES
              0   the branch has the versions, by this commit or already
              64  --to is neither a number nor a commit
              65  refused: no version was proven before, the one that is asked for was not, or has failed …
              69  a server was not reached, or the branch was pushed to by others until the time was up
              77  the server refuses the push, or the token may not read the history
            """)

    @Argument(help: .init("The environment, such as LIVE.", valueName: "environment"))
    var name: String

    @Argument(help: .init("The apps (default: those that the last deployment changed).", valueName: "app"))
    var apps: [String] = []

    @Option(
        help: .init(
            "Go back to the descriptor of this deployment, by its number in descry history, or of this commit.",
            valueName: "number|commit"))
    var to: String?

    @OptionGroup(title: "Commit") var change: ChangeOptions
    @OptionGroup(title: "Environment") var files: EnvironmentFiles
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let to, Rollback.Destination(to) == nil {
            throw ValidationError("--to is the number of a deployment, or a commit of 7 to 40 hexadecimal digits")
        }
    }

    func run() async throws { try await common.finishChange { [self] in try await rollBack() } }

    private func rollBack() async throws -> ChangeReport {
        let variables = common.variables
        let commit = try await change.commit.commit(variables)
        let (environment, warnings) = try files.resolve(name, variables)
        for warning in warnings { OutputStream.standardError.write(warning.description + "\n") }
        let connections = Connections(
            environment: environment, variables: variables,
            cacheFolder: Connections.cacheFolder(files.cache, variables), logger: common.logger())
        return try await connections.withRepository { repository in
            try await connections.withCluster { cluster in
                try await Rollback(
                    apps, to: to.flatMap(Rollback.Destination.init) ?? .previous,
                    history: HistoryStore(cluster: cluster, environment: environment),
                    change: change.change(environment.descriptorLocation, repository, commit)
                ).run()
            }
        }
    }
}
