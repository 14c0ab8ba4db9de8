import FoundationEssentials
import Git
import Planning
import Reporting

// With `onFailure: revert`, what the cluster has taken back is taken back in git as well.

extension Sync {
    /// Only who stays with rollouts to their end knows what went back.
    private var reverts: Bool { environment.rollout.onFailure.reverts && extent == .prove }

    private var gitRevert: GitRevert {
        GitRevert(
            environment: environment, repository: repository,
            store: HistoryStore(cluster: cluster, environment: environment), runner: runner, now: now)
    }

    /// After a pass that has ended, and was recorded so.
    func revert(_ end: Journal.End, _ outcome: inout Outcome) async {
        guard reverts, outcome.status == .rolledBack else { return }
        let revert = gitRevert
        guard let entry = end.entry else {
            return tell(RevertReport(.failed, failure: AppReport.Failure(revert.unrecorded)), &outcome)
        }
        if let due = DueRevert(entry.deployment, commit: entry.deployment.commit.id) {
            tell(await revert.run(due, entry.history), &outcome)
        } else if entry.deployment.apps.contains(where: \.bringsVersion) {
            let text = "not reverted in git: what failed says nothing against a version, and the next pass tries again"
            outcome.report.notes.append(text)
            progress(.note(text))
        }
    }

    /// Of a commit that is not deployed, since what it asks for failed before: in a pass that was killed before it could revert, or
    /// that could not, or in the pass of another commit.
    func revert(
        _ quarantine: Quarantine, _ history: DeploymentHistory?, _ version: DescriptorSource.Version,
        _ outcome: inout Outcome
    ) async {
        guard reverts, let history, let due = DueRevert(quarantine, outcome.plan, commit: version.tip.description)
        else { return }
        tell(await gitRevert.run(due, history), &outcome)
    }

    /// The same while changes wait: what is known to fail need not be waited for.
    func revertHeld(_ plan: Plan, _ version: DescriptorSource.Version, _ outcome: inout Outcome) async {
        guard reverts, !retries else { return }
        do {
            let store = HistoryStore(cluster: cluster, environment: environment)
            guard let history = try await store.read(),
                let quarantine = history.quarantine(plan, descriptor: version.digest, byVersion: true),
                let due = DueRevert(quarantine, plan, commit: version.tip.description)
            else { return }
            tell(await gitRevert.run(due, history), &outcome)
        } catch {
            tell(RevertReport(.failed, failure: AppReport.Failure(ending: error)), &outcome)
        }
    }

    private func tell(_ report: RevertReport, _ outcome: inout Outcome) {
        outcome.report.revert = report
        progress(.reverted(report))
    }
}
