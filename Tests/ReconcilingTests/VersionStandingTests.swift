import FoundationEssentials
import Reporting
import Testing

@testable import Reconciling

/// What the history says for or against a version, and since when it has been proven.
@Suite struct VersionStandingTests {
    typealias Row = SampleHistory.Row
    typealias Entry = SampleHistory.Entry

    private static let failedCheck = Deployment.Verification(
        check: "job/smoke", outcome: .failed, failureCode: "verify-failed", failure: "verify-failed: no")

    private static func words(_ rows: [Row]) throws -> String {
        switch try SampleHistory.history(rows).standing(of: "2", for: "statefulset/web") {
        case .proven(let deployment): "proven \(deployment.number)"
        case .failed(let deployment, let app): "failed \(deployment.number) \(deployment.reason(of: app))"
        case .unknown: "unknown"
        }
    }

    /// What was last said of version 2 counts, and what says nothing of it does not.
    @Test func `the last word counts`() throws {
        let failed = "image-pull: in the container's words"
        let rows: [([Row], String)] = [
            ([], "unknown"), ([Row(Entry("web", "1", "3"))], "unknown"), ([Row(Entry("api", "1", "2"))], "unknown"),
            ([Row(Entry("web", "1", "2"))], "proven 1"),
            ([Row(Entry("web", "1", "2", .failed))], "failed 1 \(failed)"),
            ([Row(Entry("web", "1", "2")), Row(Entry("web", "1", "2", .failed))], "failed 2 \(failed)"),
            ([Row(Entry("web", "1", "2", .failed)), Row(Entry("web", "1", "2"))], "proven 2"),
            // Not its own fault: another app failed, a node did, nobody waited, it is under way.
            ([Row(Entry("web", "1", "2", .rolledBack), Entry("api", "1", "2", .failed))], "unknown"),
            ([Row(Entry("web", "1", "2", .failed, code: "unschedulable"))], "unknown"),
            ([Row(Entry("web", "1", "2", .patched))], "unknown"), ([Row(Entry("web", "1", "2", nil))], "unknown"),
            ([Row(Entry("web", "1", "2")), Row(Entry("web", "1", "2", .rolledBack))], "proven 1"),
            // A check speaks against all versions together.
            (
                [Row(Entry("web", "1", "2", .rolledBack), verification: Self.failedCheck)],
                "failed 1 verify-failed: no"
            ),
            ([Row(Entry("web", "1", "2"), verification: Self.failedCheck)], "failed 1 verify-failed: no"),
        ].map { ($0.0, $0.1) }
        for (history, expected) in rows { #expect(try Self.words(history) == expected) }
    }

    /// Deployment N ends after N hours.
    @Test func `since when without a break`() throws {
        let proof = Row(Entry("web", "1", "2"))
        let rows: [([Row], Int?)] = [
            ([], nil), ([proof], 1), ([proof, Row(Entry("api", "1", "2"))], 1),
            // Another deployment found it there.
            ([proof, Row(Entry("web", "2", "2"))], 1),
            // Somebody had changed it in between, or another version was tried and taken back: it begins anew.
            ([proof, Row(Entry("web", "9", "2"))], 2), ([proof, Row(Entry("web", "2", "3", .failed))], 2),
            ([proof, Row(Entry("web", "2", "3")), Row(Entry("web", "3", "2"))], 3),
            ([proof, Row(Entry("web", "2", "3", nil))], nil),
            // Another object under the same name.
            ([Row(Entry("web", "1", "2", uid: "gone"))], nil),
        ].map { ($0.0, $0.1) }
        for (index, (history, hours)) in rows.enumerated() {
            let since = try SampleHistory.history(history).provenSince(
                of: "statefulset/web", uid: "u", version: "2")
            #expect(since == hours.map(SampleHistory.time), "row \(index)")
        }
    }
}
