import FoundationEssentials
import Reporting
import Testing

@testable import Reconciling

/// When reverts of an app are a loop between whoever commits versions and Descry.
@Suite struct RevertCountTests {
    typealias Row = SampleHistory.Row
    typealias Entry = SampleHistory.Entry

    private static let settings = RevertSettings(author: nil, signKey: nil, limit: 3, period: .seconds(24 * 3600))

    private static func failed(_ version: String, reverted hours: Int...) -> Row {
        Row(Entry("web", "1", version, .failed), reverts: hours)
    }

    private static func stopped(_ history: DeploymentHistory, app: String = "web") -> RevertReport.Stopped? {
        history.hasStopped(revertsOf: app, "statefulset/\(app)", settings)
    }

    /// The deployments, and how many reverts are too many; nil where there may be another one.
    private static let rows: [([Row], Int?)] = [
        ([], nil), ([failed("2", reverted: 1), failed("3", reverted: 2)], nil),
        ([failed("2", reverted: 1), failed("3", reverted: 2), failed("4", reverted: 3)], 3),
        // The same version, brought again and again.
        ([failed("2", reverted: 1, 2, 3)], 3), ([failed("2", reverted: 1, 2, 3, 4)], 4),
        // Three in more than a day are none; once there was a loop, time does not end it.
        ([failed("2", reverted: 1, 14, 26)], nil), ([failed("2", reverted: 1, 14, 25)], 3),
        ([failed("2", reverted: 1, 2, 3), failed("3", reverted: 90)], 4),
        // A version that is proven ends it: number N ends N hours after 1970.
        ([failed("2", reverted: 1, 1, 1), Row(Entry("web", "1", "3"))], nil),
        // Not so a repair of what somebody else had changed.
        ([failed("2", reverted: 1, 1, 1), Row(Entry("web", "1", "1"))], 3),
        ([failed("2", reverted: 1, 1, 1), Row(Entry("web", "1", "3")), failed("2", reverted: 3, 4, 5)], 3),
        // Another app's.
        ([failed("2", reverted: 1, 2, 3), Row(Entry("api", "1", "3"))], 3),
    ]

    @Test func `so many within a time are a loop`() throws {
        for (index, (rows, count)) in Self.rows.enumerated() {
            let history = try SampleHistory.history(rows)
            #expect(Self.stopped(history)?.count == count, "row \(index)")
            #expect(Self.stopped(history, app: "api") == nil)
        }
    }

    @Test func `a person who wants another try begins the count anew`() throws {
        let history = try SampleHistory.history([Self.failed("2", reverted: 1, 2, 3)])
        let forgiven = DeploymentHistory(try #require(history.forgiving))
        #expect(forgiven.forgiven == 1 && Self.stopped(forgiven) == nil)
        #expect(forgiven.forgiving == nil, "there is nothing more to forgive")
        #expect(forgiven.deployments == history.deployments)
        #expect(try SampleHistory.history([Row(Entry("web", "1", "2"))]).forgiving == nil)
    }
}
