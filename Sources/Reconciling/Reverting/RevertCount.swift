import FoundationEssentials
import Reporting

// A loop between whoever deploys versions and Descry, which takes them back: recognised by the history.
extension DeploymentHistory {
    /// The app was reverted so often in so short a time that it is no more, until a version of it is proven or a person has said
    /// that what failed is to be tried again.
    func hasStopped(revertsOf app: String, _ workload: String, _ settings: RevertSettings) -> RevertReport.Stopped? {
        let dates = reverts(of: app, workload)
        guard let first = dates.first, dates.count >= settings.limit else { return nil }
        let isLoop = zip(dates, dates.dropFirst(settings.limit - 1)).contains { first, last in
            last.timeIntervalSince(first) <= settings.period.inSeconds
        }
        return isLoop ? RevertReport.Stopped(app: app, count: dates.count, since: first) : nil
    }

    /// When the app was reverted since a version of it was proven last, the oldest first.
    private func reverts(of app: String, _ workload: String) -> [Date] {
        let standing = deployments.filter { $0.number > forgiven }
        let proven = standing.first { deployment in
            deployment.apps.contains { $0.workload == workload && $0.bringsVersion && deployment.proves($0) }
        }
        let since = proven.map { $0.finishedAt ?? $0.startedAt } ?? .distantPast
        return standing.flatMap { $0.reverts ?? [] }.filter { $0.apps.contains(app) && $0.at > since }.map(\.at)
            .sorted()
    }
}
