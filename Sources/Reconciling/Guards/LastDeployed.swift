import Documents
import Git
import Planning
import Reporting

/// What an environment is kept at while changes wait: the descriptor of the deployment that it came from last.
struct LastDeployed: Sendable {
    let version: DescriptorSource.Version
    /// The history has it, so what is put right belongs into the history as well.
    let isRecorded: Bool
}

extension DeploymentHistory {
    /// The deployment whose versions run, as far as nobody else has changed them: the newest that was not taken back.
    ///
    /// - Returns: nil where there is none, or a later one has left something half done, so that nobody can say what is drift.
    var lastDeployed: Deployment? {
        let standing = Array(newestFirst.lazy.filter { $0.outcome != .rolledBack }.prefix(2))
        guard let last = standing.first else { return nil }
        switch last.outcome {
        case .proven, .patched: return last
        case .rolledBack, .failed: return nil
        case .running, .interrupted, .preempted:
            // One that only put right what somebody had changed, and did not come to its end.
            guard let before = standing.dropFirst().first, before.commit.id == last.commit.id,
                before.outcome == .proven || before.outcome == .patched
            else { return nil }
            return before
        }
    }

    /// The same descriptor has been begun to be deployed, and that did not come to its end.
    func isUnderWay(_ digest: String) -> Bool {
        guard let last, last.outcome == .running || last.outcome == .interrupted else {
            return false
        }
        return last.descriptor == digest
    }
}

extension DescriptorSource {
    /// The descriptor of a deployment that the history names.
    ///
    /// - Returns: nil where it cannot be had, because the branch was rewritten, say: what runs is left as it is then.
    /// - Throws: `CancellationError`.
    func read(_ deployment: Deployment) async throws -> Version? {
        do {
            let commit = try CommitID(deployment.commit.id)
            return try await read(
                BranchTip(branch: environment.branch, commit: commit, previous: nil, isRewrite: false))
        } catch let error as GitError {
            if error.category == .cancelled { throw CancellationError() }
            return nil
        } catch is Refused {
            return nil
        }
    }
}

extension PlannedApp {
    /// Nothing but what brings back what Descry has deployed last, as the workload's own annotation says: no other version, no
    /// other registry. A partition may also be that of a canary which was not watched to its end.
    var isRestoration: Bool {
        isChanged && canaryPartition == nil
            && changes.allSatisfy { [.driftedImage, .strategy, .partition, .annotation].contains($0.reason) }
    }
}
