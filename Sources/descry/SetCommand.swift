import ArgumentParser
import Documents
import Git
import Reconciling
import Reporting

struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Write versions into an environment's descriptor: the build pipeline's last step.",
        discussion: """
            Changes the versions' bytes in the descriptor on the environment's branch and nothing else, as one commit, and pushes \
            it. Where somebody else pushes at the same moment, it fetches the new tip and makes the change on that, so that \
            nobody's change is lost. What the descriptor says already is not committed again. Nothing is deployed: that is for \
            descry apply.

            Needs the repository alone, from the environment file, DESCRY_REPOSITORY or --repository.

            Versions come as arguments, and with --file from a file (- is standard input): a line APP=VERSION for each app, or \
            JSON, {"APP": "VERSION"} or [{"name": "APP", "version": "VERSION"}].

            The author is --author, else GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else who started the build (BUILD_USER and \
            BUILD_USER_EMAIL, CHANGE_AUTHOR, GitLab's and GitHub's variables), else git's user.name and user.email. The \
            committer is --committer, else GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL, else git's, else the author.

            EXAMPLES
              descry set DEV backend=1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343
              descry set DEV backend=1.1.0-rc-020c8bb frontend=1.2.0-rc-9f3c1d0 --dry-run
              descry set STAGE --file versions.txt --message "Deploy the autumn release"
              jq -c .versions build.json | descry set DEV --file - -o json

            EXIT CODES
              0   the branch has the versions, by this commit or already
              64  an argument is no APP=VERSION
              65  the descriptor, an app's name, or a version of a channel that the environment does not run, is refused
              69  the git server was not reached, or the branch was pushed to by others until the time was up
              77  the server refuses the push: no right to it, a protected branch, a hook; in its own words
            """)

    @OptionGroup(title: "Environment") var target: DescriptorOptions
    @OptionGroup var common: CommonOptions

    @Argument(help: .init("An app and the version that it gets.", valueName: "app=version"))
    var versions: [String] = []

    @Option(
        name: [.customShort("f"), .long],
        help: .init("Also take versions from a file, or from standard input (-).", valueName: "file"))
    var file: String?

    @Option(
        name: [.customShort("m"), .long],
        help: "The commit's message, in place of the one that names apps and versions. Trailers are added to it.")
    var message: String?

    @Option(help: .init("The commit's author.", valueName: "name <address>")) var author: String?
    @Option(help: .init("The commit's committer.", valueName: "name <address>")) var committer: String?

    @Option(
        help: .init(
            "The build's URL, for the trailer Build-URL (default: BUILD_URL, CI_JOB_URL, or GitHub's).",
            valueName: "url"))
    var buildURL: String?

    @Option(
        help: .init(
            "The commit that was built, for the trailer Source-Commit (default: GIT_COMMIT, CI_COMMIT_SHA, GITHUB_SHA).",
            valueName: "commit"))
    var sourceCommit: String?

    @Option(
        parsing: .singleValue,
        help: .init("Sent to the git server's hooks; may be given several times.", valueName: "option"))
    var pushOption: [String] = []

    @Option(
        help: .init(
            "How long to try again where others push at the same moment, or the server has a passing fault (default: 5m).",
            valueName: "duration"), transform: { try DurationText.parse($0) })
    var timeout: Duration?

    @Flag(help: "Show what would be committed, and commit nothing.")
    var dryRun = false

    func validate() throws {
        if let message, message.allSatisfy(\.isWhitespace) { throw ValidationError("--message is empty") }
        if versions.isEmpty && file == nil { throw ValidationError("name at least one APP=VERSION, or a --file") }
    }

    func run() async throws {
        try await common.finish {
            let end = try await Interruption.ends { [self] in try await set() }
            guard case .finished(let report) = end else {
                guard case .interrupted(let signal) = end else { return .internalError }
                OutputStream.standardError.write(
                    "descry: interrupted: what was sent already may have been taken; run it again, nothing is done twice\n"
                )
                throw ExitCode(128 + signal)
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

    private func set() async throws -> ChangeReport {
        let variables = common.variables
        let requested = try requested()
        let location = try target.location(variables)
        let connections = RepositoryConnection(
            remote: location.repository, settings: location.git, variables: variables,
            cacheFolder: Connections.cacheFolder(target.files.cache, variables), logger: common.logger())
        let commit = try commit(variables)
        return try await connections.withRepository { repository in
            try await SetVersions(
                location: location, repository: repository, versions: requested, commit: commit, isDryRun: dryRun,
                timeout: timeout ?? .seconds(300)
            ).run()
        }
    }

    private func requested() throws -> RequestedVersions {
        var requested = RequestedVersions()
        do throws(Refused) {
            try requested.add(arguments: versions)
        } catch {
            throw Failure(
                status: .usage, code: "usage", message: "an argument is refused", diagnostics: error.diagnostics)
        }
        if let file {
            let bytes = file == "-" ? try InputFile.standardInput() : try InputFile.read(file)
            try requested.add(bytes, file: file == "-" ? "<stdin>" : file)
        }
        return requested
    }

    private func commit(_ variables: [String: String]) throws -> SetVersions.Commit {
        let known = ChangeOrigin.variables(variables, build: Deployment.Runner(variables).build)
        return SetVersions.Commit(
            message: message,
            authorship: try CommitAuthorship(
                author: author, committer: committer, variables: variables, configured: ConfiguredIdentity.read),
            origin: try ChangeOrigin(build: buildURL ?? known.build, sourceCommit: sourceCommit ?? known.sourceCommit),
            pushOptions: pushOption)
    }
}
