import Reporting

extension CommitStatus {
    /// What a pass that has begun to change something says of its commit.
    static func pending(_ commit: String, in environment: Environment) -> CommitStatus {
        CommitStatus(commit: commit, .pending, "\(environment.name) is being changed to this commit")
    }

    /// What a finished pass says of its commit; nil where it proves nothing, or is about no commit.
    init?(_ report: SyncReport) {
        guard let commit = report.commit, report.command == .apply else { return nil }
        let place = report.environment
        switch report.outcome {
        case .pending, .validated, .patched: return nil
        case .waiting:
            let reasons = (report.waitingFor ?? []).map(\.message).joined(separator: "; ")
            self.init(commit: commit.id, .pending, "\(place) waits: \(reasons)")
        case .proven, .unchanged: self = Self.proven(report, commit.id)
        case .preempted:
            let newer = report.preemptedBy.map { "by \($0.shortID) " } ?? ""
            self.init(commit: commit.id, .superseded, "Superseded \(newer)before it was proven in \(place)")
        case .refused:
            self.init(commit: commit.id, .failure, "Refused, nothing was changed: \(Self.reason(report))")
        case .rolledBack:
            self.init(commit: commit.id, .failure, "Failed, all is \(Self.way(report)): \(Self.reason(report))")
        case .failed: self.init(commit: commit.id, .failure, "Failed: \(Self.reason(report))")
        }
    }

    /// A pass that stayed to the end has seen every app at its version, whether or not there was anything to change. What was
    /// left as somebody else made it is not what the commit says.
    private static func proven(_ report: SyncReport, _ commit: String) -> CommitStatus {
        let drifted = report.apps.filter { $0.outcome == .drifted }.map(\.app)
        guard drifted.isEmpty else {
            let names = list(drifted)
            return CommitStatus(
                commit: commit, .failure, "\(names) changed by somebody else, and left so (drift: report)")
        }
        let others = report.apps.filter { $0.outcome != .proven && $0.outcome != .unchanged }
        guard others.isEmpty else {
            return CommitStatus(commit: commit, .failure, "\(list(others.map(\.app))) not proven")
        }
        let changed = report.apps.count { $0.outcome == .proven }
        let count = report.apps.count == 1 ? "1 app" : "\(report.apps.count) apps"
        let news = changed == 0 ? "" : ", \(changed) of them new"
        return CommitStatus(
            commit: commit, .success, "\(report.environment) is proven to run this commit: \(count)\(news)")
    }

    /// How it went back.
    private static func way(_ report: SyncReport) -> String {
        report.revert?.commit.map { "rolled back, reverted by \($0.shortID)" } ?? "rolled back"
    }

    /// The first app that failed by itself, with its reason, then the check of the whole.
    private static func reason(_ report: SyncReport) -> String {
        let failed = report.apps.filter { $0.failure != nil }
        // Of several, one that needed no other's failure to fail stands first in the descriptor's order, too.
        if let first = failed.first, let failure = first.failure {
            let more = failed.count > 1 ? " (and \(failed.count - 1) more)" : ""
            return "\(first.app) \(first.to)\(more): \(words(failure))"
        }
        if let verification = report.verification, let failure = verification.failure {
            return "\(verification.name): \(words(failure))"
        }
        return report.notes.first ?? "see the log"
    }

    private static func words(_ failure: AppReport.Failure) -> String {
        guard let reason = failure.reason, !failure.message.contains(reason) else { return failure.message }
        return "\(reason): \(failure.message)"
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
        return shown + (names.count == 1 ? " is" : " are")
    }
}
