import ArgumentParser
import Documents
import Git
import Reconciling
import Reporting

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Approve a commit, so that it may be deployed.",
        discussion: """
            Signs an approval of the commit, by default of the branch's tip, for this environment and this repository, and pushes it \
            to refs/descry/approvals/ENV/COMMIT/SIGNER. descry run and descry apply count the people who have approved, by the \
            list of the environment file (approvals.signers). Nothing is deployed by this command.

            The key is --sign-key: a private key's file, or a public one whose private half the ssh-agent has. Without it, git's \
            user.signingKey where gpg.format is ssh, else the only key of the agent. The name is --signer, else that of the list \
            where it is at hand, else git's user.email.

            EXAMPLES
              descry approve LIVE
              descry approve LIVE 6e3a1f0c6bd7bd2fc4a1a1ea1f0f5a5d6c0d7b55 --sign-key ~/.ssh/id_ed25519
              descry approve LIVE --signer dana@example.com --expires 24h -o json

            EXIT CODES
              0   the repository has the approval
              65  it would not count: another key, no longer valid, the author's own; the code says which
              69  the git server was not reached, or somebody else wrote the same ref at the same moment
              77  the server refuses the push, or there is no key to sign with
            """)

    @OptionGroup(title: "Environment") var target: DescriptorOptions
    @OptionGroup var common: CommonOptions

    @Argument(
        help: .init("The commit, by its 40 digits. Default: the branch's tip.", valueName: "commit"),
        transform: CommitArgument.init(text:))
    var commit: CommitArgument?

    @Option(help: .init("The SSH key to sign with.", valueName: "file")) var signKey: String?
    @Option(help: .init("Who approves, by a name of the list of those who may.", valueName: "name")) var signer: String?

    @Option(
        help: .init(
            "How long the approval counts, if the environment does not say less. Default: without end.",
            valueName: "duration"), transform: { try DurationText.parse($0) })
    var expires: Duration?

    func run() async throws {
        try await common.finish {
            let report = try await approve()
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(report.text(style: common.output.style(for: stream)))
            }
            return .done
        }
    }

    private func approve() async throws -> ApprovalReport {
        let variables = common.variables
        let location = try target.location(variables)
        let identity = try CommitAuthorship(
            author: nil, committer: nil, variables: variables, configured: ConfiguredIdentity.read
        ).committer
        let key = try signKey ?? ConfiguredIdentity.signingKey()
        let signingKey = try await Signer.open(
            key.map { Self.expanded($0, variables) }, agent: variables["SSH_AUTH_SOCK"])
        return try await target.connection(location, common).withRepository { repository in
            try await ApproveCommit(
                location: location, repository: repository, signer: signingKey, name: signer, identity: identity,
                validity: expires
            ).run(commit?.id)
        }
    }

    /// As git takes `user.signingKey`: `~/` is the home folder.
    private static func expanded(_ path: String, _ variables: [String: String]) -> String {
        guard path.hasPrefix("~/"), let home = variables.nonEmpty("HOME") else { return path }
        return home + path.dropFirst()
    }
}

struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "List who has approved a commit, and why other approvals do not count.",
        discussion: """
            By the list of the environment file (approvals.signers), at this moment, as descry run and descry apply count them.

            EXAMPLES
              descry approvals LIVE
              descry approvals LIVE 6e3a1f0c6bd7bd2fc4a1a1ea1f0f5a5d6c0d7b55
              descry approvals LIVE --exit-code    # 2 where there are not enough

            EXIT CODES
              0   they were read; with --exit-code 2 where there are not enough
              65  the environment asks for no approvals, or the list of who may approve is wrong
              69, 77: see descry --help
            """)

    @OptionGroup(title: "Environment") var target: DescriptorOptions
    @OptionGroup var common: CommonOptions

    @Argument(
        help: .init("The commit, by its 40 digits. Default: the branch's tip.", valueName: "commit"),
        transform: CommitArgument.init(text:))
    var commit: CommitArgument?

    @Flag(help: "Exit with 2 where there are not enough.")
    var exitCode = false

    func run() async throws {
        try await common.finish {
            let location = try target.location(common.variables)
            let report = try await target.connection(location, common).withRepository { repository in
                try await ListApprovals(location: location, repository: repository).run(commit?.id)
            }
            if common.output.format == .json {
                common.output.printJSON(report)
            } else {
                let stream = common.output.textStream
                stream.write(report.text(style: common.output.style(for: stream)))
            }
            return exitCode && report.isEnough != true ? .changesPending : .done
        }
    }
}

/// A commit's whole name: what somebody approves must not depend on what else there is.
struct CommitArgument: Sendable {
    let id: CommitID

    init(text: String) throws {
        do throws(GitError) { id = try CommitID(text) } catch {
            throw ValidationError("a commit is named by its 40 lowercase hexadecimal digits (git rev-parse REF)")
        }
    }
}

extension DescriptorOptions {
    func connection(_ location: DescriptorLocation, _ common: CommonOptions) -> RepositoryConnection {
        RepositoryConnection(
            remote: location.repository, settings: location.git, variables: common.variables,
            cacheFolder: Connections.cacheFolder(files.cache, common.variables), logger: common.logger())
    }
}
