import Descriptors
import Documents
import FoundationEssentials
import Git
import Reporting
import Synchronization

/// Other versions in an environment's descriptor, as one commit on its branch: what `set`, `promote` and `rollback` have in common.
///
/// Fetch the tip, choose the versions, edit, commit, push; where somebody else was faster the same again on the new tip. The
/// server compares and swaps, so no change of anybody is lost, and no change is made twice: a commit whose push went unanswered
/// can land only if no other one on the same tip does.
public struct VersionChange: Sendable {
    /// What goes into the commit besides the versions.
    public struct Commit: Sendable {
        /// In place of the subject and body that it has otherwise; the trailers follow it.
        public var message: String?
        public var authorship: CommitAuthorship
        public var origin: ChangeOrigin
        /// For the server's hooks.
        public var pushOptions: [String]
        public var sign: CommitDraft.Signing?
        /// Throws where nothing is to be committed on this tip.
        var inspects: (@Sendable (CommitID) async throws -> Void)?

        public init(
            message: String? = nil, authorship: CommitAuthorship, origin: ChangeOrigin, pushOptions: [String] = [],
            sign: CommitDraft.Signing? = nil
        ) {
            self.message = message
            self.authorship = authorship
            self.origin = origin
            self.pushOptions = pushOptions
            self.sign = sign
        }
    }

    let location: DescriptorLocation
    let repository: GitRepository
    let commit: Commit
    let isDryRun: Bool
    let timeout: Duration
    let clock: any Clock<Duration>

    /// - Parameters:
    ///   - isDryRun: commit nothing, and report what would be.
    ///   - timeout: for how long lost races and passing faults are tried again.
    public init(
        location: DescriptorLocation, repository: GitRepository, commit: Commit, isDryRun: Bool = false,
        timeout: Duration = .seconds(300), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.location = location
        self.repository = repository
        self.commit = commit
        self.isDryRun = isDryRun
        self.timeout = timeout
        self.clock = clock
    }

    /// - Throws: `Refused` where the descriptor, an app's name or a version's channel is; `GitError`: `push-refused` (denied)
    ///   in the server's words, `push-raced` and `push-unanswered` (unreachable) once the time is up, and what reading
    ///   and the choice throw.
    func run(_ choice: some VersionChoice) async throws -> ChangeReport {
        let tries = PushTries(timeout: timeout)
        while true {
            tries.begin()
            do {
                if let report = try await landed(tries) { return report }
                let report = try await once(choice, tries)
                // An unanswered push may have landed a moment ago, and be why there is nothing left to change.
                if report.outcome == .unchanged, let landed = try await landed(tries) { return landed }
                return report
            } catch let error as GitError {
                if error.category == .cancelled { throw CancellationError() }
                guard let pause = tries.pause(after: error) else { return try await end(with: error, tries) }
                try await clock.sleep(for: pause)
            }
        }
    }

    private func once(_ choice: some VersionChoice, _ tries: PushTries) async throws -> ChangeReport {
        if isDryRun {
            let tip = try await repository.update(branch: location.branch)
            var report = try await change(choice, on: tip.commit, tries).report
            if report.message != nil { report.outcome = .pending }
            return report
        }
        let made = Mutex<ChangeReport?>(nil)
        let answer = try await repository.push(to: location.branch, options: commit.pushOptions) { tip in
            tries.races()
            let (report, edit) = try await change(choice, on: tip, tries)
            made.withLock { $0 = report }
            guard let message = report.message else { return nil }
            let time = Int64(Date().timeIntervalSince1970)
            let prepared = try await repository.prepare(
                CommitDraft(
                    parent: tip, files: [location.path: edit.bytes], message: message,
                    author: commit.authorship.author.at(time), committer: commit.authorship.committer.at(time),
                    sign: commit.sign))
            var committed = report
            committed.outcome = .committed
            committed.commit = SyncReport.Commit(prepared.info)
            tries.sends(prepared, committed)
            made.withLock { [committed] in $0 = committed }
            return prepared
        }
        guard var report = made.withLock({ $0 }) else {
            throw GitError(code: "push", message: "A push ended without its commit", category: .internal)
        }
        report.remote = answer?.messages ?? []
        report.seconds = tries.seconds
        return report
    }

    /// What changes on a tip. Without a message there is nothing to change.
    private func change(
        _ choice: some VersionChoice, on tip: CommitID, _ tries: PushTries
    ) async throws -> (report: ChangeReport, edit: DescriptorEdit) {
        try await commit.inspects?(tip)
        let bytes = try await repository.file(at: location.path, in: tip)
        let chosen = try await choice.versions(
            for: TipDescriptor(bytes: bytes, file: location.file, path: location.path))
        let channelProblems = location.channelProblems(of: chosen.versions)
        let edit: DescriptorEdit
        do throws(Refused) {
            edit = try DescriptorEdit(chosen.versions, in: bytes, file: location.file)
        } catch {
            throw Refused(error.diagnostics + channelProblems)
        }
        if !channelProblems.isEmpty { throw Refused(channelProblems) }
        var report = report(choice.command, chosen, on: tip, edit, tries)
        guard !edit.changes.isEmpty else { return (report, edit) }
        report.message =
            ChangeMessage(
                environment: location.environment, purpose: chosen.purpose, apps: report.apps, words: commit.message,
                origin: commit.origin
            ).text
        return (report, edit)
    }

    /// The report of a commit whose push went unanswered and which the branch has by now.
    private func landed(_ tries: PushTries) async throws -> ChangeReport? {
        guard let base = tries.base else { return nil }
        let ids = Set(tries.unanswered.keys)
        guard let id = try await repository.landed(ids, on: location.branch, since: base),
            var report = tries.unanswered[id]
        else { return nil }
        report.seconds = tries.seconds
        report.attempts = tries.count
        return report
    }

    /// The last word where no further try follows: what went unanswered is looked for once more.
    private func end(with error: GitError, _ tries: PushTries) async throws -> ChangeReport {
        do {
            if let report = try await landed(tries) { return report }
        } catch is GitError {
            // The server can't be asked now; what it answered last is the reason.
        }
        guard tries.count > 1 else { throw error }
        throw GitError(
            code: error.code, message: "\(error.message) (after \(tries.count) tries)", hint: error.hint,
            category: error.category)
    }

    private func report(
        _ command: ChangeReport.Command, _ chosen: ChosenVersions, on parent: CommitID, _ edit: DescriptorEdit,
        _ tries: PushTries
    ) -> ChangeReport {
        let apps = edit.changes.map { change in
            let reason = chosen.reasons[change.app]
            return ChangeReport.App(
                app: change.app, from: change.from.text, to: change.to.text, proof: reason?.proof,
                insteadOf: reason?.insteadOf?.text)
        }
        var notes = chosen.notes
        if !apps.isEmpty, location.signatures.rule != .none, commit.sign == nil {
            notes.append("\(location.environment) deploys signed commits only, and this one has no signature")
        }
        return ChangeReport(
            command: command, environment: location.environment, repository: location.repository.description,
            branch: location.branch.description, descriptor: location.path, outcome: .unchanged,
            parent: parent.description, source: chosen.purpose.source, apps: apps,
            diff: edit.diff(path: location.path), notes: notes, attempts: tries.count, seconds: tries.seconds)
    }
}

extension DescriptorLocation {
    /// The versions that the environment may not run.
    fileprivate func channelProblems(of versions: [String: AppVersion]) -> [Diagnostic] {
        let allowed = channels.map(\.rawValue).sorted().joined(separator: " or ")
        return versions.sorted { $0.key < $1.key }.filter { !channels.contains($0.value.channel) }.map {
            Diagnostic(
                code: "channel-not-allowed",
                message: "\(environment) does not run \($0.value.channel.rawValue) versions, and "
                    + "\(TerminalText.quoted($0.key)) is to get \($0.value)",
                hint: "Use a version of channel \(allowed), or change \"versions\" in the environment file",
                file: file)
        }
    }
}

extension SyncReport.Commit {
    init(_ info: CommitInfo) {
        self.init(
            id: info.id.description, author: info.author, time: Date(timeIntervalSince1970: Double(info.time)),
            subject: info.subject)
    }
}
