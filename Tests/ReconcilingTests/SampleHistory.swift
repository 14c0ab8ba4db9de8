import FoundationEssentials
import Kubernetes
import Reporting

@testable import Reconciling

/// A history written down as rows, the oldest first. Deployment N is of commit `cN…` (40 digits) and ends N hours after 1970.
struct SampleHistory {
    /// One app in one deployment.
    struct Entry {
        var app: String
        var from: String?
        var to: String
        /// Nil while it is under way.
        var outcome: AppReport.Outcome?
        var code: String?
        var uid = "u"

        init(
            _ app: String, _ from: String?, _ to: String, _ outcome: AppReport.Outcome? = .proven, code: String? = nil,
            uid: String = "u"
        ) {
            (self.app, self.from, self.to, self.outcome) = (app, from, to, outcome)
            self.code = code ?? (outcome == .failed ? "image-pull" : nil)
            self.uid = uid
        }
    }

    /// One deployment.
    struct Row {
        var apps: [Entry]
        var verification: Deployment.Verification?
        /// When the first app was reverted in git, in hours after 1970.
        var reverts: [Int]

        init(_ apps: Entry..., verification: Deployment.Verification? = nil, reverts: [Int] = []) {
            self.apps = apps
            self.verification = verification
            self.reverts = reverts
        }
    }

    static func commit(_ number: Int) -> String {
        "c\(number)" + String(repeating: "0", count: 38 + (number < 10 ? 0 : -1))
    }

    static func time(_ hours: Int) -> Date { Date(timeIntervalSince1970: Double(hours) * 3600) }

    static func history(_ rows: [Row]) throws -> DeploymentHistory {
        try DeploymentHistory(
            rows.enumerated().map { deployment($0.offset + 1, $0.element) }.reduce(ConfigMap(name: "descry-dev")) {
                try DeploymentHistory($0).recording($1)
            })
    }

    private static func deployment(_ number: Int, _ row: Row) -> Deployment {
        let apps = row.apps.map { entry in
            var app = Deployment.App(
                app: entry.app, workload: "statefulset/\(entry.app)", uid: entry.uid, from: entry.from, to: entry.to,
                before: .init(
                    images: entry.from.map { [entry.app: "registry.example.com/\(entry.app):\($0)"] } ?? [:],
                    initContainers: [], annotations: [:], strategy: "", partition: nil))
            app.outcome = entry.outcome
            app.failureCode = entry.code
            app.failure = entry.code.map { "\($0): in the container's words" }
            return app
        }
        let outcomes = apps.map(\.outcome)
        var deployment = Deployment(
            number: number, commit: .init(id: commit(number), author: "a", time: time(0), subject: "s"),
            descriptor: "d\(number)", startedAt: time(number - 1),
            outcome: outcomes.contains(nil)
                ? .running : outcomes.contains(.failed) || row.verification?.outcome == .failed ? .rolledBack : .proven,
            by: .init(), apps: apps)
        deployment.finishedAt = outcomes.contains(nil) ? nil : time(number)
        deployment.verification = row.verification
        if !row.reverts.isEmpty {
            deployment.reverts = row.reverts.map {
                .init(commit: commit($0), reverts: commit(number), at: time($0), apps: [row.apps[0].app])
            }
        }
        return deployment
    }
}
