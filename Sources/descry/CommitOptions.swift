import ArgumentParser
import Documents
import Git
import Reconciling
import Reporting

/// What commands that make commits need to know of them.
struct CommitOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: "The commit's message, in place of the one that names apps and versions. Trailers are added to it.")
    var message: String?

    @Option(help: .init("The commit's author.", valueName: "name <address>")) var author: String?
    @Option(help: .init("The commit's committer.", valueName: "name <address>")) var committer: String?

    @Option(
        help: .init(
            "Sign the commit with this SSH key: a private key's file, or a public key's, whose other half ssh-agent has.",
            valueName: "file"))
    var signKey: String?

    @Option(
        help: .init(
            "The build's URL, for the trailer Build-URL (default: BUILD_URL, CI_JOB_URL, or GitHub's).",
            valueName: "url"))
    var buildURL: String?

    @Option(
        parsing: .singleValue,
        help: .init("Sent to the git server's hooks; may be given several times.", valueName: "option"))
    var pushOption: [String] = []

    func validate() throws {
        if let message, message.allSatisfy(\.isWhitespace) { throw ValidationError("--message is empty") }
    }

    /// - Parameter sourceCommit: the commit that was built; nil where that is nobody's question.
    func commit(_ variables: [String: String], sourceCommit: String? = nil) async throws -> VersionChange.Commit {
        let build = ChangeOrigin.variables(variables, build: Deployment.Runner(variables).build).build
        let authorship = try CommitAuthorship(
            author: author, committer: committer, variables: variables, configured: ConfiguredIdentity.read)
        let origin = try ChangeOrigin(build: buildURL ?? build, sourceCommit: sourceCommit)
        return VersionChange.Commit(
            message: message, authorship: authorship, origin: origin, pushOptions: pushOption,
            sign: try await signing(variables))
    }

    /// The key is found before anything is asked of a server. git's own settings play no part.
    private func signing(_ variables: [String: String]) async throws -> CommitDraft.Signing? {
        guard let signKey else { return nil }
        let signer = try await Signer.open(signKey, agent: variables.nonEmpty("SSH_AUTH_SOCK"))
        return { try await signer.sign($0, namespace: "git") }
    }
}

/// What `set`, `promote` and `rollback` need to know of the commit that they make, and how long they may try to push it.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var commit: CommitOptions

    @Option(
        help: .init(
            "How long to try again where others push at the same moment, or the server has a passing fault (default: 5m).",
            valueName: "duration"), transform: { try DurationText.parse($0) })
    var timeout: Duration?

    @Flag(help: "Show what would be committed, and commit nothing.")
    var dryRun = false

    /// The change in an environment's repository that these options describe.
    func change(
        _ location: DescriptorLocation, _ repository: GitRepository, _ commit: VersionChange.Commit
    ) -> VersionChange {
        VersionChange(
            location: location, repository: repository, commit: commit, isDryRun: dryRun,
            timeout: timeout ?? .seconds(300))
    }
}

/// What a command that writes to a deployment repository prints.
protocol PrintedReport: Encodable, Sendable {
    func text(style: TextStyle) -> String
}

extension ChangeReport: PrintedReport {}
extension InitReport: PrintedReport {}

extension CommonOptions {
    /// Runs a command that writes to the deployment repository, prints its report, and leaves with the right exit code.
    func finishChange(_ work: @escaping @Sendable () async throws -> some PrintedReport) async throws {
        try await finish {
            switch try await Interruption.ends(work) {
            case .finished(let report):
                if output.format == .json {
                    output.printJSON(report)
                } else {
                    let stream = output.textStream
                    stream.write(report.text(style: output.style(for: stream)))
                }
                return .done
            case .interrupted(let signal):
                OutputStream.standardError.write(
                    "descry: interrupted: what was sent already may have been taken; run it again, nothing is done twice\n"
                )
                throw ExitCode(128 + signal)
            }
        }
    }
}
