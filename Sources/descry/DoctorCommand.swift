import ArgumentParser
import Reconciling
import Reporting

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check access and permissions, and say how to mend what is missing.",
        discussion: """
            Checks the git server, the descriptor, the API server, the token's expiry, each permission that is needed, and \
            that every workload and container of the descriptor and the template of verify.job exist. Writes nothing.

            EXAMPLES
              descry doctor DEV
              descry doctor LIVE -o json | jq '.checks[] | select(.result == "failed")'

            EXIT CODES
              0 where all is well, else that of the first check that failed: 65, 69, 77 or 78
            """)

    @OptionGroup(title: "Environment") var environment: EnvironmentOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.finish {
            let variables = common.variables
            let resolved = try environment.resolve(variables)
            let connections = Connections(
                environment: resolved, variables: variables,
                cacheFolder: Connections.cacheFolder(environment.cache, variables), logger: common.logger())
            let (report, status) = try await connections.withRepository { repository in
                try await connections.withCluster { cluster in
                    await Doctor(environment: resolved, repository: repository, cluster: cluster).examine()
                }
            }
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(report.text(style: common.output.style(for: stream)))
            }
            return status
        }
    }
}
