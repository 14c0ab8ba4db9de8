import ArgumentParser
import Planning
import Reconciling
import Reporting

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would change.",
        discussion: """
            Reads the environment's branch and the cluster, and writes nothing.

            EXAMPLES
              descry plan DEV
              descry plan LIVE --diff
              descry plan LIVE --server-dry-run    # validated by the API server
              descry plan LIVE --exit-code         # 2 where changes are pending
              descry plan DEV -o json | jq '.apps[] | select(.outcome == "pending")'

            EXIT CODES
              0, with --exit-code 2 where changes are pending; 65, 69, 77, 78: see descry --help
            """)

    @OptionGroup(title: "Environment") var environment: EnvironmentOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var junit: JUnitOptions

    @Flag(help: "Print the changed fields as a unified diff.")
    var diff = false

    @Flag(help: "Let the API server validate every patch without storing it (dryRun=All).")
    var serverDryRun = false

    @Flag(help: "Exit with 2 where changes are pending.")
    var exitCode = false

    func run() async throws {
        try await common.finish {
            try await junit.recording("descry plan \(environment.name)") { try await plan() }
        }
    }

    private func plan() async throws -> ExitStatus {
        let pass = Pass(environment: environment, common: common)
        let outcome = try await pass.run(
            .plan, extent: serverDryRun ? .validate : .plan, acceptsRewrite: true, progress: { _ in })
        try junit.write(JUnitReport(outcome.report))
        if common.output.format == .json {
            common.output.printJSON(outcome.report)
        } else {
            let stream = common.output.textStream
            if diff { stream.write(outcome.plan.changed.map(\.diff).joined()) }
            stream.write(TextReport.render(outcome.report, style: common.output.style(for: stream)))
        }
        if exitCode && outcome.status == .done && outcome.report.hasChanges { return .changesPending }
        return outcome.status
    }
}
