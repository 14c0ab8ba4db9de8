import FoundationEssentials
import Testing

@testable import Reporting

/// What `set`, `promote` and `rollback` print.
@Suite struct ChangeReportTests {
    private static let old = "1.0.0-rc-0f3c1d07c2b64b0f8e0d1a5c7e9b2f4a6c8d0e12"
    private static let new = "1.1.0-release-020c8bb63785074bc3702c003333852fc8d9a343"

    private static func report(
        _ command: ChangeReport.Command, _ outcome: ChangeReport.Outcome, apps: [ChangeReport.App]? = nil
    ) -> ChangeReport {
        let proof = ChangeReport.Proof(
            environment: "STAGE", deployment: 7, commit: "c7", since: Date(timeIntervalSince1970: 1_750_000_000))
        let taken = ChangeReport.App(
            app: "backend", from: old, to: new, proof: command == .set ? nil : proof,
            insteadOf: command == .promote ? "1.1.0-rc-99999999" : nil)
        return ChangeReport(
            command: command, environment: "LIVE", repository: "https://git.example.com/d.git", branch: "LIVE",
            descriptor: "d.yaml", outcome: outcome,
            commit: outcome == .committed
                ? .init(id: "9b1de2f03c11", author: "Ann", time: Date(timeIntervalSince1970: 0), subject: "s") : nil,
            parent: "41601085125f", source: command == .promote ? .init(environment: "STAGE", commit: "c8") : nil,
            apps: apps ?? [taken], diff: "--- a/d.yaml\n+++ b/d.yaml\n", message: "m",
            notes: command == .set ? [] : ["left out: job"], remote: ["thanks\u{1B}[2J"], attempts: 2, seconds: 0.0911)
    }

    @Test func `set says what it did, and no more`() {
        #expect(
            Self.report(.set, .committed).text(style: .plain) == """
                backend: 1.0.0-rc-0f3c1d0 → 1.1.0-release-020c8bb
                remote: thanks\\u{1B}[2J
                LIVE at 9b1de2f03c: 1 app changed in 91 ms, 2 tries

                """)
    }

    @Test func `promote and rollback show the diff, the proof, and what a person should know`() {
        #expect(
            Self.report(.promote, .committed).text(style: .plain) == """
                --- a/d.yaml
                +++ b/d.yaml
                backend: 1.0.0-rc-0f3c1d0 → 1.1.0-release-020c8bb, the release of 1.1.0-rc-9999999, proven by deployment 7 of STAGE
                note: left out: job
                remote: thanks\\u{1B}[2J
                LIVE at 9b1de2f03c: 1 app changed in 91 ms, 2 tries

                """)
        let text = Self.report(.rollback, .pending).text(style: .plain)
        #expect(text.contains("\nbackend: 1.0.0-rc-0f3c1d0 → 1.1.0-release-020c8bb, proven by deployment 7 of STAGE\n"))
        #expect(text.hasSuffix("LIVE at 4160108512: 1 app would change; nothing was committed\n"))
        let unchanged = Self.report(.rollback, .unchanged, apps: []).text(style: .plain)
        #expect(unchanged.hasSuffix("LIVE unchanged: 4160108512 has those versions\n"))
    }

    @Test func `the fields of its JSON are these`() throws {
        struct Report: Decodable {
            struct Source: Decodable { var environment: String, commit: String }
            struct App: Decodable {
                struct Proof: Decodable { var environment: String, deployment: Int, commit: String, since: String }
                var app: String, from: String, to: String, proof: Proof?, insteadOf: String?
            }
            var command: String, environment: String, outcome: String, parent: String, source: Source?, apps: [App]
            var notes: [String]
        }
        let text = try JSONReport.render(Self.report(.promote, .pending))
        let report = try JSONDecoder().decode(Report.self, from: Data(text.utf8))
        #expect(report.command == "promote" && report.outcome == "pending" && report.notes == ["left out: job"])
        #expect(report.source?.environment == "STAGE" && report.source?.commit == "c8")
        let app = try #require(report.apps.first)
        #expect(app.insteadOf == "1.1.0-rc-99999999" && app.proof?.deployment == 7)
        #expect(app.proof?.since == "2025-06-15T15:06:40Z")
        let set = try JSONReport.render(Self.report(.set, .committed))
        for key in ["proof", "insteadOf", "source"] { #expect(!set.contains("\"\(key)\""), "\(key)") }
    }
}
