import FoundationEssentials
import Reporting
import Testing

/// What a person is told of a revert in git.
@Suite struct RevertReportTests {
    private static let since = Date(timeIntervalSince1970: 1_750_000_000)
    private static let commit = SyncReport.Commit(
        id: String(repeating: "ab", count: 20), author: "Descry", time: since, subject: "Revert")
    private static let apps = [
        RevertReport.App(
            app: "backend", from: "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343", to: "1.0.0-rc-0f3c1d0")
    ]

    private static let rows: [(RevertReport, [String])] = [
        (
            RevertReport(.committed, commit: commit, apps: apps, notes: ["web is left alone"]),
            ["DEV reverted in git by ababababab: backend 1.1.0-rc-020c8bb → 1.0.0-rc-0f3c1d0", "web is left alone"]
        ),
        (RevertReport(.unchanged), ["DEV: nothing is left to revert in git"]),
        (
            RevertReport(.failed, failure: .init(code: "push-refused", message: "DEV is frozen", hint: "thaw it")),
            [
                "DEV is not reverted in git: push-refused: DEV is frozen; it is tried again with the next pass",
                "  hint: thaw it",
            ]
        ),
        (
            RevertReport(.stopped, stopped: [.init(app: "backend", count: 3, since: since)]),
            [
                "descry has reverted backend 3 times since 2025-06-15T15:06:40Z, and does so no more until a version of it "
                    + "is proven, or `descry apply --retry`"
            ]
        ),
    ]

    @Test func `each outcome in words`() {
        for (report, lines) in Self.rows { #expect(report.lines(of: "DEV") == lines) }
    }
}
