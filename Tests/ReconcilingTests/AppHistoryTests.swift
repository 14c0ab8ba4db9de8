import FoundationEssentials
import Kubernetes
import Reporting
import Testing
import Workloads

@testable import Reconciling

/// Since when an app runs what it runs, and what failed last, as its history tells.
@Suite struct AppHistoryTests {
    typealias Outcome = AppReport.Outcome

    private static let key = WorkloadKey(kind: .statefulSet, name: "web")

    /// One deployment a row, oldest first: the app's version before and after, and what became of it; nil while it is under
    /// way. Deployment N ends at N hours.
    private static func history(
        _ rows: [(from: String?, to: String, outcome: Outcome?)], uid: String = "u", code: String = "image-pull"
    ) throws -> DeploymentHistory {
        let deployments = rows.enumerated().map { index, row in
            var app = Deployment.App(
                app: "web", workload: key.description, uid: uid, from: row.from, to: row.to,
                before: .init(images: [:], initContainers: [], annotations: [:], strategy: "", partition: nil))
            app.outcome = row.outcome
            if row.outcome == .failed {
                app.failureCode = code
                app.failure = "\(code): ErrImagePull: manifest unknown"
            }
            var deployment = Deployment(
                number: index + 1, commit: .init(id: "c\(index + 1)", author: "a", time: hour(0), subject: "s"),
                descriptor: "d", startedAt: hour(index), outcome: .proven, by: .init(), apps: [app])
            deployment.finishedAt = row.outcome == nil ? nil : hour(index + 1)
            return deployment
        }
        return DeploymentHistory(
            try deployments.reduce(ConfigMap(name: "descry-dev")) { try DeploymentHistory($0).recording($1) })
    }

    private static func hour(_ number: Int) -> Date { Date(timeIntervalSince1970: Double(number) * 3600) }

    /// The rows, and the number of the deployment since which the version 2 runs.
    @Test(
        arguments: [
            ([], nil),
            ([("1", "2", .proven)], 1),
            // Without a wait nobody proved it, and yet it was written then.
            ([("1", "2", .patched)], 1),
            // Later ones that found it there: its annotations, or nothing but another app.
            ([("1", "2", .proven), ("2", "2", .proven)], 1),
            // Never brought by a deployment: the first that saw it.
            ([("2", "2", .proven), ("2", "2", .proven)], 1),
            // Put right after somebody else had changed it.
            ([("1", "2", .proven), ("9", "2", .proven)], 2),
            // Taken back since, for its own failure or another app's.
            ([("1", "2", .proven), ("2", "3", .failed), ("2", "3", .rolledBack)], 1),
            // Away and back.
            ([("1", "2", .proven), ("2", "3", .proven), ("3", "2", .proven)], 3),
            // A killed pass brought it, and the next one proved it.
            ([("1", "2", nil), ("2", "2", .proven)], 2),
            // It came there by other means than a deployment.
            ([("1", "3", .proven)], nil),
            ([("1", "2", .proven), ("2", "3", .proven)], nil),
        ] as [([(String?, String, Outcome?)], Int?)])
    func since(_ rows: [(String?, String, Outcome?)], number: Int?) throws {
        let history = try Self.history(rows)
        #expect(history.since(of: Self.key, uid: "u", running: "2") == number.map { Self.hour($0) })
        #expect(history.since(of: Self.key, uid: "of the one made anew", running: "2") == nil)
        let other = WorkloadKey(kind: .deployment, name: "web")
        #expect(history.since(of: other, uid: "u", running: "2") == nil)
    }

    /// The rows, and the number of the deployment of the last failure.
    @Test(
        arguments: [
            ([], nil),
            ([("1", "2", .proven)], nil),
            ([("1", "2", .failed)], 1),
            ([("1", "2", .failed), ("1", "2", .failed)], 2),
            // One that was taken back for another's failure, or not started, says nothing about it.
            ([("1", "2", .failed), ("1", "3", .rolledBack), ("1", "3", .notStarted)], 1),
            // Nobody waited for it, so nothing is proven.
            ([("1", "2", .failed), ("1", "3", .patched)], 1),
            ([("1", "2", .failed), ("1", "3", .proven)], nil),
        ] as [([(String?, String, Outcome?)], Int?)])
    func lastFailure(_ rows: [(String?, String, Outcome?)], number: Int?) throws {
        let failure = try Self.history(rows).lastFailure(of: Self.key, isQuarantined: true)
        #expect(failure?.deployment == number)
        #expect(failure?.at == number.map { Self.hour($0) })
        if let failure {
            #expect(failure.commit == "c\(failure.deployment)")
            #expect(failure.version == "2" && failure.quarantined)
            #expect(failure.code == "image-pull" && failure.message == "ErrImagePull: manifest unknown")
        }
    }
}
