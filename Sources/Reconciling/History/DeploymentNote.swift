import Documents
import FoundationEssentials
import Git
import Reporting

/// Adds what became of a deployment to the git notes of its commit, `refs/notes/descry`, where `git log --notes=descry` shows it.
struct DeploymentNote: Sendable {
    let repository: GitRepository
    let runner: Deployment.Runner

    static let ref = "refs/notes/descry"
    /// For all tries together: a pass waits for it.
    var timeout = Duration.seconds(20)

    /// - Returns: why that was not possible; the deployment is as its report says all the same.
    func add(_ report: SyncReport) async -> String? {
        guard let commit = report.commit, let text = Self.text(report, runner) else { return nil }
        do {
            let id = try CommitID(commit.id)
            let author = try CommitIdentity(
                name: runner.user ?? "descry", email: "\(runner.user ?? "descry")@\(runner.host ?? "localhost")",
                time: Int64((report.finishedAt ?? Date()).timeIntervalSince1970))
            try await withTimeout {
                try await add(text, to: id, author, "Note what became of \(commit.shortID) in \(report.environment)")
            }
            return nil
        } catch let error as GitError where error.category != .cancelled {
            return "the result is not in \(Self.ref): \(error.message)"
        } catch {
            let reason = Task.isCancelled ? "interrupted" : "not done within \(timeout.components.seconds) s"
            return "the result is not in \(Self.ref): \(reason)"
        }
    }

    /// The server compares and swaps, as for a branch.
    private func add(_ text: String, to commit: CommitID, _ author: CommitIdentity, _ message: String) async throws {
        let tries = PushTries(timeout: timeout)
        while true {
            tries.begin()
            do {
                let old = try await repository.refs(under: Self.ref)[Self.ref]
                tries.races()
                let draft = RefDraft(ref: Self.ref, old: old, message: message, author: author)
                guard let update = try await repository.prepareNote(text, for: commit, draft) else { return }
                _ = try await repository.push(update)
                return
            } catch {
                guard let pause = tries.pause(after: error) else { throw error }
                try await ContinuousClock().sleep(for: pause)
            }
        }
    }

    private func withTimeout(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await ContinuousClock().sleep(for: timeout)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// One paragraph; nil where nothing was deployed.
    static func text(_ report: SyncReport, _ runner: Deployment.Runner) -> String? {
        let apps = report.apps.filter { $0.seconds != nil || [.patched, .proven].contains($0.outcome) }
        guard !apps.isEmpty, let finished = report.finishedAt else { return nil }
        let place = [runner.user, runner.host].compactMap { $0 }.joined(separator: "@")
        let by = runner.build ?? (place.isEmpty ? nil : place)
        var text = "\(report.environment) \(report.outcome.rawValue) at \(finished.formatted(.iso8601))"
        text += (by.map { " by \($0)" } ?? "") + "\n"
        for app in apps.prefix(200) {
            text += "\(app.app): \(app.from.map { $0 + " → " } ?? "")\(app.to) \(app.outcome.rawValue)"
            if let failure = app.failure { text += ": \(failure.code): \(failure.message)" }
            text += "\n"
        }
        if apps.count > 200 { text += "and \(apps.count - 200) more apps\n" }
        if let verification = report.verification {
            text += "\(verification.name) \(verification.outcome.rawValue)\n"
        }
        if let revert = report.revert?.commit { text += "reverted by \(revert.id)\n" }
        // One line each, and no escape sequences: failures hold words of containers.
        return text.split(separator: "\n").map { TerminalText.escaped(String($0)) }.joined(separator: "\n") + "\n"
    }
}
