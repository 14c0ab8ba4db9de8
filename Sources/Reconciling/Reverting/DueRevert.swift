import Descriptors
import Planning
import Reporting
import Workloads

/// What is to be set back in git, since the cluster went back: the versions that a deployment brought and that failed there.
struct DueRevert: Sendable {
    /// One app that the cluster has taken back.
    struct App: Sendable, Hashable {
        let name: String
        /// `statefulset/backend`.
        let workload: String
        let failed: String
        /// The images that it runs again.
        let images: [String]

        /// What it runs again; nil where that is not the same version in all of its containers.
        var restored: String? {
            let tags = Set(images.map { ContainerImage($0).tag })
            return tags.count == 1 ? tags.first ?? nil : nil
        }
    }

    /// Whose history entry keeps the revert.
    let deployment: Deployment
    /// The id of the commit that asks for the failed versions.
    let commit: String
    let apps: [App]
    /// Codes of failures, each once.
    let reasons: [String]

    /// All that a deployment brought, where it failed by its versions and everything is proven back.
    ///
    /// What failed by the cluster is not reverted: the next pass tries it again.
    ///
    /// - Parameter commit: the one that asks for its versions now.
    init?(_ deployment: Deployment, commit: String) {
        guard deployment.outcome == .rolledBack, deployment.apps.contains(where: deployment.speaksAgainst) else {
            return nil
        }
        let apps = deployment.apps.filter(\.bringsVersion).map {
            App(
                name: $0.app, workload: $0.workload, failed: $0.to,
                images: $0.before.images.sorted { $0.key < $1.key }.map(\.value))
        }
        if apps.isEmpty { return nil }
        self.init(
            deployment, commit: commit, apps,
            Self.codes(deployment.apps.map(\.failureCode) + [deployment.verification?.failureCode]))
    }

    /// What is not tried again, as far as the cluster does not run it.
    ///
    /// - Parameters:
    ///   - quarantine: why nothing of the commit is deployed.
    ///   - commit: its id.
    init?(_ quarantine: Quarantine, _ plan: Plan, commit: String) {
        if let same = quarantine.entries.first(where: \.isSameDescriptor) {
            guard let due = DueRevert(same.deployment, commit: commit) else { return nil }
            self = due
            return
        }
        let planned = Dictionary(
            plan.changed.map { ($0.key.description, $0) }, uniquingKeysWith: { first, _ in first })
        let entries = quarantine.entries.filter { $0.deployment.outcome == .rolledBack }
        let apps = entries.compactMap { entry -> App? in
            guard let now = planned[entry.app.workload], !now.isUnsettled,
                now.workload.annotations[WorkloadAnnotation.version] != entry.app.to
            else { return nil }
            return App(
                name: entry.app.app, workload: entry.app.workload, failed: entry.app.to,
                images: now.images.map(\.current.description))
        }
        guard let newest = entries.max(by: { $0.deployment.number < $1.deployment.number }), !apps.isEmpty else {
            return nil
        }
        self.init(
            newest.deployment, commit: commit, apps,
            Self.codes(entries.flatMap { [$0.app.failureCode, $0.deployment.verification?.failureCode] }))
    }

    private init(_ deployment: Deployment, commit: String, _ apps: [App], _ reasons: [String]) {
        self.deployment = deployment
        self.commit = commit
        self.apps = apps
        self.reasons = reasons
    }

    /// Without these apps.
    func without(_ names: Set<String>) -> DueRevert {
        DueRevert(deployment, commit: commit, apps.filter { !names.contains($0.name) }, reasons)
    }

    private static func codes(_ codes: [String?]) -> [String] { Set(codes.compactMap { $0 }).sorted() }
}

extension Deployment.App {
    /// The commit changed its version: what somebody else had changed, and was to be put right, is no version.
    var bringsVersion: Bool {
        before.annotations[WorkloadAnnotation.version] != to
            && before.images.values.contains { ContainerImage($0).tag != to }
    }
}
