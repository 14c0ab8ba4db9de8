import ArgumentParser
import Reconciling
import Reporting

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show the deployments of an environment, with their outcome and who let them run.",
        discussion: """
            Every apply that has something to change is written down in the ConfigMap descry-ENV of the environment's \
            namespace, at most 100 of them. Newest first.

            EXAMPLES
              descry history LIVE
              descry history LIVE --limit 1 -o json | jq -r '.deployments[0].outcome'

            EXIT CODES
              0   the history was read; it may be empty
              77  the token may not read it
            """)

    @OptionGroup(title: "Environment") var environment: EnvironmentOptions
    @OptionGroup var common: CommonOptions

    @Option(help: "How many to show.")
    var limit = 10

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit must be at least 1") }
    }

    func run() async throws {
        try await common.finish {
            let variables = common.variables
            let resolved = try environment.resolve(variables)
            let connections = Connections(
                environment: resolved, variables: variables,
                cacheFolder: Connections.cacheFolder(environment.cache, variables), logger: common.logger())
            let report = try await connections.withCluster { cluster in
                let history = try await HistoryStore(cluster: cluster, environment: resolved).required()
                return HistoryReport(
                    environment: resolved.name, namespace: resolved.namespace,
                    deployments: Array(history.deployments.prefix(limit)))
            }
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(report.text(style: common.output.style(for: stream)))
            }
            return .done
        }
    }
}
