import Descriptors
import Planning
import Reporting
import Workloads

/// Versions that failed before and that are not tried again by themselves.
struct Quarantine: Sendable {
    struct Entry: Sendable {
        /// In which it failed.
        var deployment: Deployment
        var app: Deployment.App
        /// The descriptor has not changed since; otherwise it is the version that is not tried again.
        var isSameDescriptor: Bool
    }

    var entries: [Entry]

    func failure(of entry: Entry) -> AppReport.Failure {
        let (deployment, app) = (entry.deployment, entry.app)
        let verification = deployment.verification
        let reason = app.failure ?? verification.map { "\($0.check): \($0.failure ?? "")" } ?? ""
        let standing =
            entry.isSameDescriptor ? " and the descriptor has not changed since" : ", and was not proven since"
        return AppReport.Failure(
            code: "quarantined",
            message: "\(app.to) failed in deployment \(deployment.number)\(standing): \(reason)",
            hint: entry.isSameDescriptor
                ? "Push a version that works, or run `descry apply --retry` where the cause is mended"
                : "Push a version that works; where the cause is mended, run `descry apply --retry`, then push this one again"
        )
    }
}

extension DeploymentHistory {
    /// What of a plan is not tried again.
    ///
    /// - Parameters:
    ///   - byVersion: a version that failed is not tried again with another descriptor either. So it is where failed versions are
    ///     reverted in git: each revert is another descriptor, and so is each commit that brings the version again.
    /// - Returns: nil where there is nothing of that kind.
    func quarantine(_ plan: Plan, descriptor: String, byVersion: Bool) -> Quarantine? {
        var entries: [Quarantine.Entry] = []
        if let last = decisive, last.number > forgiven {
            entries = last.quarantined(plan, descriptor: descriptor).map {
                .init(deployment: last, app: $0, isSameDescriptor: true)
            }
        }
        if byVersion {
            let known = Set(entries.map(\.app.workload))
            entries += plan.changed.filter { !known.contains($0.key.description) }.compactMap { planned in
                failure(of: planned.app.version.text, for: planned.key.description).map {
                    .init(deployment: $0.deployment, app: $0.app, isSameDescriptor: false)
                }
            }
        }
        return entries.isEmpty ? nil : Quarantine(entries: entries)
    }

    /// The newest deployment in which a version failed by itself; nil where it was proven since.
    private func failure(of version: String, for workload: String) -> (deployment: Deployment, app: Deployment.App)? {
        for deployment in deployments where deployment.number > forgiven {
            guard let app = deployment.apps.first(where: { $0.workload == workload && $0.to == version }) else {
                continue
            }
            if deployment.proves(app) { return nil }
            if deployment.blames(app) { return (deployment, app) }
        }
        return nil
    }
}

extension Deployment {
    /// The app's version failed, whatever was deployed beside it.
    fileprivate func blames(_ app: App) -> Bool {
        guard speaksAgainst(app), app.bringsVersion else { return false }
        // The check of the whole says which one only where a single version was new.
        return app.outcome == .failed || apps.count(where: \.bringsVersion) == 1
    }
}
