import ArgumentParser
import FoundationEssentials
import Logging
import Reporting

@main
struct Descry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "descry",
        abstract: "Deploys what a branch says, and proves that it runs.",
        discussion: """
            A deployment repository has one branch per environment (DEV, STAGE, LIVE); the deploy descriptor on it lists \
            apps and versions. Descry checks it, patches the workloads in the environment's namespace, and stays until \
            every rollout is proven or failed.

            EXIT CODES
              0   done; nothing wrong
              1   an error in Descry itself
              2   plan --exit-code, status --exit-code: changes are pending; apply: they wait for a window or for approvals
              3   a rollout failed; everything that the pass changed was rolled back
              4   a rollout failed, or the pass failed after something was written; not everything is back
              64  wrong usage
              65  descriptor or environment file refused
              69  git server or API server not reachable in time
              75  another writer holds the environment
              77  not permitted (401, 403, TLS identity), or a push refused by the git server
              78  a workload or container that the descriptor names does not exist
            """,
        version: Version.text,
        subcommands: [
            InitCommand.self, LintCommand.self, PlanCommand.self, ApplyCommand.self, RunCommand.self,
            StatusCommand.self,
            HistoryCommand.self, SetCommand.self, PromoteCommand.self, RollbackCommand.self, ApproveCommand.self,
            ApprovalsCommand.self, RBACCommand.self, DoctorCommand.self, DemoCommand.self,
            SandboxCommand.self,
        ])
}

/// What every command has: where to print, and how much to tell.
struct CommonOptions: ParsableArguments {
    @OptionGroup var output: OutputOptions

    @Flag(name: [.customShort("v"), .long], help: "Log each step to standard error.")
    var verbose = false

    func logger() -> Logger {
        var logger = Logger(label: "descry") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .error
        return logger
    }

    /// Runs a command's work, prints whatever ends it early, and leaves with the right exit code.
    func finish(_ work: () async throws -> ExitStatus) async throws {
        let status: ExitStatus
        do {
            status = try await work()
        } catch let ended as ExitCode {
            throw ended
        } catch {
            let failure = Failure(error)
            failure.print(output)
            status = failure.status
        }
        if status != .done { throw ExitCode(status.rawValue) }
    }

    var variables: [String: String] { ProcessInfo.processInfo.environment }
}

/// `--junit FILE`.
struct JUnitOptions: ParsableArguments {
    @Option(help: .init("Also write the outcome as JUnit XML, one test case an app or file.", valueName: "file"))
    var junit: String?

    func write(_ report: @autoclosure () -> JUnitReport) throws {
        if let junit { try InputFile.write(report().render(), to: junit) }
    }

    /// Runs a pass; where it ends early the file says so, so that Jenkins never reads the last build's.
    func recording(_ name: String, _ work: () async throws -> ExitStatus) async throws -> ExitStatus {
        do {
            return try await work()
        } catch let ended as ExitCode {
            throw ended  // interrupted: there is no result to report
        } catch {
            try write(Failure(error).junit(name: name))
            throw error
        }
    }
}
