import FoundationEssentials
import Kubernetes
import Planning
import Reporting
import Workloads

// What the history says about one app as it is now.
extension DeploymentHistory {
    /// When the workload got to run this version, as far as deployments tell: the end of the one that brought it there and was
    /// proven, or written without a wait. Nil where it came there otherwise, or longer ago than the history goes back.
    ///
    /// What was tried since and taken back does not count; ``lastFailure(of:isQuarantined:)`` tells of it.
    ///
    /// - Parameter uid: the workload's, so that one made anew under its name is told apart.
    func since(of key: WorkloadKey, uid: String, running version: String) -> Date? {
        let workload = key.description
        var since: Date?
        for deployment in newestFirst {
            guard let app = deployment.apps.first(where: { $0.workload == workload && $0.uid == uid }),
                app.outcome == .proven || app.outcome == .patched
            else { continue }
            guard app.to == version else { break }
            since = deployment.finishedAt ?? deployment.startedAt
            // One that found the version there, such as after an interruption, did not bring it.
            if app.from != app.to { break }
        }
        return since
    }

    /// The newest deployment in which the app failed; nil where one since was proven.
    ///
    /// - Parameter isQuarantined: whether that version waits for a new descriptor.
    func lastFailure(of key: WorkloadKey, isQuarantined: Bool) -> AppStatus.LastFailure? {
        let workload = key.description
        for deployment in newestFirst {
            guard let app = deployment.apps.first(where: { $0.workload == workload }) else { continue }
            switch app.outcome {
            case .proven where deployment.isCorrection != true: return nil
            case .failed: return AppStatus.LastFailure(app, in: deployment, isQuarantined: isQuarantined)
            default: continue
            }
        }
        return nil
    }

    /// The apps that `apply` would not try again with this descriptor.
    func quarantined(_ plan: Plan, descriptor: String, byVersion: Bool) -> Set<String> {
        Set(quarantine(plan, descriptor: descriptor, byVersion: byVersion)?.entries.map(\.app.workload) ?? [])
    }
}

extension AppStatus.LastFailure {
    fileprivate init(_ app: Deployment.App, in deployment: Deployment, isQuarantined: Bool) {
        let code = app.failureCode ?? "failed"
        // The history keeps the code with the words.
        let words = app.failure ?? ""
        self.init(
            version: app.to, deployment: deployment.number, commit: deployment.commit.id,
            at: deployment.finishedAt ?? deployment.startedAt, code: code,
            message: words.hasPrefix("\(code): ") ? String(words.dropFirst(code.count + 2)) : words,
            quarantined: isQuarantined)
    }
}
