import Documents
import FoundationEssentials
import Git
import Reporting
import Workloads

/// `descry init`, once the clusters have been read: the folder, the commits and the report.
public struct InitRun: Sendable {
    /// Where the branches go.
    public enum Destination: Sendable {
        /// Into a bare repository in the folder, which the environment files name.
        case folder
        /// There too; the environment files name this address, to which somebody will push them.
        case later(address: String)
        /// To this server. There is no repository in the folder then, which would only grow old there.
        case push(address: String, GitRepository)

        /// The repository as the environment files name it: from their own folder, where it is beside them.
        public var repository: String {
            switch self {
            case .folder: "../" + DeploymentFolder.repositoryName
            case .later(let address), .push(let address, _): address
            }
        }
    }

    let directory: String
    let folder: DeploymentFolder
    let bootstrap: Bootstrap
    let uncertain: Set<String>
    let destination: Destination
    let commit: VersionChange.Commit

    /// - Parameters:
    ///   - directory: the folder as the user names it.
    ///   - uncertain: the environments of which nothing is known.
    public init(
        directory: String, folder: DeploymentFolder, bootstrap: Bootstrap, uncertain: Set<String>,
        destination: Destination, commit: VersionChange.Commit
    ) {
        self.directory = directory
        self.folder = folder
        self.bootstrap = bootstrap
        self.uncertain = uncertain
        self.destination = destination
        self.commit = commit
    }

    /// - Parameter isDryRun: write nothing, and report what would be.
    /// - Throws: `Refused` where the folder cannot be made; `GitError`, and what ``GitRepository/push(_:options:)`` throws. Nothing
    ///   is left then.
    public func run(isDryRun: Bool) async throws -> InitReport {
        if case .push(_, let repository) = destination {
            try await repository.checkAbsent(bootstrap.drafts.map(\.environment.branch))
        }
        var report = report
        if isDryRun { return report }
        let files = files(report)
        let (commits, remote) = try await folder.make(files) { folder in
            try await make(in: folder)
        }
        for index in report.environments.indices {
            let branch = bootstrap.drafts[index].environment.branch
            report.environments[index].commit = commits[branch]?.id.description
        }
        report.remote = remote
        if case .push = destination { report.outcome = .pushed } else { report.outcome = .created }
        return report
    }

    private func make(in folder: String) async throws -> (commits: [BranchName: CommitInfo], remote: [String]) {
        let path = "\(folder)/\(DeploymentFolder.repositoryName)"
        let new = try await NewRepository.create(at: path, drafts())
        guard case .push(_, let repository) = destination else { return (await new.commits, []) }
        let answer = try await repository.push(new, options: commit.pushOptions)
        try FileManager.default.removeItem(atPath: path)
        return (await new.commits, answer.messages)
    }

    private func drafts() -> [RootDraft] {
        let time = Int64(Date().timeIntervalSince1970)
        return bootstrap.drafts.map { draft in
            RootDraft(
                branch: draft.environment.branch, files: [draft.environment.descriptor: Array(draft.descriptor.utf8)],
                message: message(draft), author: commit.authorship.author.at(time),
                committer: commit.authorship.committer.at(time), sign: commit.sign)
        }
    }

    private func message(_ draft: Bootstrap.Draft) -> String {
        let apps = draft.apps.map { "\($0.key.name) \($0.version)" }
        var head = commit.message ?? "Take over \(draft.name) as it runs in \(draft.environment.namespace)"
        if commit.message == nil, !apps.isEmpty { head += "\n\n" + apps.joined(separator: "\n") }
        var trailers = draft.apps.map { "App: \($0.key.name)\nVersion: \($0.version)" }
        if let build = commit.origin.build { trailers.append("Build-URL: \(build)") }
        return trailers.isEmpty ? head : head + "\n\n" + trailers.joined(separator: "\n")
    }

    private var hasRepository: Bool { if case .push = destination { false } else { true } }

    private var report: InitReport {
        let places = (hasRepository ? [DeploymentFolder.repositoryName + "/"] : []) + ["README.md"]
        let files = bootstrap.drafts.flatMap { ["environments/\($0.name).yaml", "rbac/\($0.name).yaml"] }
        return InitReport(
            outcome: .pending, directory: directory, repository: destination.repository,
            environments: bootstrap.drafts.map { bootstrap.report($0, isCertain: !uncertain.contains($0.name)) },
            files: (places + files).sorted(), next: InitGuide(self).commands(in: directory),
            notes: [bootstrap.registryNote].compactMap { $0 })
    }

    private func files(_ report: InitReport) -> [String: String] {
        var files = ["README.md": InitGuide(self).readme(report)]
        for draft in bootstrap.drafts {
            files["environments/\(draft.name).yaml"] = draft.environmentFile
            files["rbac/\(draft.name).yaml"] = draft.access
        }
        return files
    }
}
