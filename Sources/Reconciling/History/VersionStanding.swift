import FoundationEssentials
import Reporting
import Rollouts

/// What the history says for or against one version of an app.
enum VersionStanding: Sendable {
    /// It was proven, by this deployment the last time, and nothing has spoken against it since.
    case proven(Deployment)
    /// It failed, in this deployment the last time, and was not proven since.
    case failed(Deployment, Deployment.App)
    /// It was never deployed, or what became of it says nothing of the version: nobody waited for it, it went back for
    /// another app's failure, or the cluster was to blame.
    case unknown
}

extension Deployment {
    /// The app's version was proven good, and the check of the whole, where there was one, as well.
    func proves(_ app: App) -> Bool { app.outcome == .proven && verification?.outcome != .failed }

    /// The app's version failed by itself, as far as can be told, so that trying it again unchanged would end the same.
    func speaksAgainst(_ app: App) -> Bool {
        guard outcome == .failed || outcome == .rolledBack else { return false }
        // A check speaks against all versions together.
        if ["verify-failed", "verify-timed-out"].contains(verification?.failureCode) { return true }
        return app.outcome == .failed
            && RolloutFailure.Code(rawValue: app.failureCode ?? "")?.speaksAgainstVersion == true
    }

    /// An app's failure in one line.
    func reason(of app: App) -> String { app.failure ?? verification?.failure ?? app.failureCode ?? "" }
}

extension DeploymentHistory {
    /// The newest deployment that was to bring a workload to a version.
    func last(of workload: String, to version: String) -> (deployment: Deployment, app: Deployment.App)? {
        newestFirst.lazy.compactMap { deployment in
            deployment.apps.first { $0.workload == workload && $0.to == version }.map { (deployment, $0) }
        }.first
    }

    func standing(of version: String, for workload: String) -> VersionStanding {
        for deployment in newestFirst {
            for app in deployment.apps where app.workload == workload && app.to == version {
                if deployment.proves(app) { return .proven(deployment) }
                if deployment.speaksAgainst(app) { return .failed(deployment, app) }
            }
        }
        return .unknown
    }

    /// Since when a version has been proven without a break: whatever else was deployed in between, even if it was taken back, or
    /// was changed by somebody else and put right, begins the time anew.
    ///
    /// - Parameter uid: the workload's, so that one made anew under its name is told apart.
    /// - Returns: nil where no deployment has proven it, or one is under way.
    func provenSince(of workload: String, uid: String, version: String) -> Date? {
        var since: Date?
        for deployment in newestFirst {
            guard let app = deployment.apps.first(where: { $0.workload == workload && $0.uid == uid }) else { continue }
            guard app.to == version, deployment.proves(app) else { return since ?? deployment.finishedAt }
            since = deployment.finishedAt ?? deployment.startedAt
            if app.from != app.to { return since }
        }
        return since
    }
}
