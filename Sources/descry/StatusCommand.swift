import ArgumentParser
import Documents
import Reconciling
import Reporting

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show side by side what every environment is to run, and what runs there.",
        discussion: """
            Reads the branch and the cluster of each environment, all environments of the folder where none is named, and \
            writes nothing. One that cannot be read is shown as such, and the others all the same.

            Every setting can also come from its DESCRY_… variable, which goes over the files of all environments.

            EXAMPLES
              descry status
              descry status DEV LIVE
              descry status --exit-code     # 2 where anything differs, 4 on a failure
              descry status -o json | jq '.environments[].apps[] | select(.state != "ok")'

            EXIT CODES
              0   every environment was read
              2   --exit-code: something is pending, drifted or being rolled out
              4   --exit-code: a rollout has failed
              65, 69, 77: an environment could not be read; the first one's reason
              65, 78: a descriptor asks for what is not allowed (65) or not there (78)
            """)

    @Argument(help: .init("Environments, such as DEV (default: all of the folder).", valueName: "environment"))
    var names: [String] = []

    @OptionGroup(title: "Environment") var files: EnvironmentFiles
    @OptionGroup var common: CommonOptions

    @Flag(help: "Exit with 2 where anything is pending, and with 4 where a rollout has failed.")
    var exitCode = false

    private static let readsInFlight = 16

    func run() async throws {
        try await common.finish {
            let variables = common.variables
            var seen: Set<String> = []
            let wanted = try (names.isEmpty ? files.names(variables) : names).filter { seen.insert($0).inserted }
            let readings = await concurrentMap(wanted, limit: Self.readsInFlight) { await read($0, variables) }
            var said: Set<String> = []
            for line in readings.flatMap(\.complaints) where said.insert(line).inserted {
                OutputStream.standardError.write(line + "\n")
            }
            let report = StatusReport(environments: readings.map(\.status), strict: exitCode)
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(StatusText.render(report, style: common.output.style(for: stream)))
            }
            return report.status
        }
    }

    private struct Reading: Sendable {
        var status: EnvironmentStatus
        /// Problems of its files, with their places: for standard error.
        var complaints: [String] = []
    }

    private func read(_ name: String, _ variables: [String: String]) async -> Reading {
        var reading = Reading(status: EnvironmentStatus(environment: name))
        do {
            let (environment, warnings) = try files.resolve(name, variables)
            reading.status = EnvironmentStatus(environment)
            reading.complaints = warnings.map(\.description)
            let connections = Connections(
                environment: environment, variables: variables,
                cacheFolder: Connections.cacheFolder(files.cache, variables), logger: common.logger())
            reading.status = try await connections.withRepository { repository in
                try await connections.withCluster { cluster in
                    try await StatusReader(environment: environment, repository: repository, cluster: cluster).read()
                }
            }
        } catch {
            let failure = Failure(error)
            reading.status.error = .init(
                code: failure.code, message: failure.message, hint: failure.hint, status: failure.status)
            reading.status.diagnostics =
                failure.diagnostics.isEmpty ? nil : failure.diagnostics.map(DiagnosticReport.init)
            reading.complaints += failure.diagnostics.map(\.description)
        }
        return reading
    }
}
