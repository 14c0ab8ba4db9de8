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
              descry set LIVE backend=1.1.0-release-020c8bb --sign-key ~/.ssh/deploy_ed25519
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
        help: .init(
            "The commit that was built, for the trailer Source-Commit (default: GIT_COMMIT, CI_COMMIT_SHA, GITHUB_SHA).",
            valueName: "commit"))
    var sourceCommit: String?

    @OptionGroup(title: "Commit") var change: ChangeOptions

    func validate() throws {
        if versions.isEmpty && file == nil { throw ValidationError("name at least one APP=VERSION, or a --file") }
    }

    func run() async throws { try await common.finishChange { [self] in try await set() } }

    private func set() async throws -> ChangeReport {
        let variables = common.variables
        let requested = try requested()
        let location = try target.location(variables)
        let connections = RepositoryConnection(
            remote: location.repository, settings: location.git, variables: variables,
            cacheFolder: Connections.cacheFolder(target.files.cache, variables), logger: common.logger())
        let known = ChangeOrigin.variables(variables, build: nil).sourceCommit
        let commit = try await change.commit.commit(variables, sourceCommit: sourceCommit ?? known)
        return try await connections.withRepository { repository in
            try await SetVersions(requested, change.change(location, repository, commit)).run()
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
}
