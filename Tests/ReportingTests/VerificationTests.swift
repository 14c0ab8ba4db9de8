import Reporting
import Testing

@Suite("The check after the rollouts, in every output")
struct VerificationTests {
    private static let failed = VerificationReport(
        kind: .job, target: "smoke", job: "smoke-descry-a1b2c3-x4k9q", outcome: .failed, seconds: 3.21,
        failure: .init(
            code: "verify-failed", message: "Job has reached the specified backoff limit", hint: "see its log",
            reason: "BackoffLimitExceeded"), log: ["GET /cart", "500 \u{1B}[31moops"])

    private func applied(_ verification: VerificationReport, _ outcome: SyncReport.Outcome) -> SyncReport {
        var report = report(.apply, outcome, [app("web", .proven)])
        report.verification = verification
        return report
    }

    @Test("the text has the reason and the log's last lines, which cannot steer the terminal")
    func text() {
        #expect(
            TextReport.render(applied(Self.failed, .failed), style: .plain) == """
                verify job smoke: verify-failed: BackoffLimitExceeded: Job has reached the specified backoff limit
                  log:
                    GET /cart
                    500 \\u{1B}[31moops
                  hint: see its log
                DEV failed: 1 proven in 12.3 s

                """)
        let passed = VerificationReport(kind: .http, target: "https://shop.example.com", outcome: .passed, seconds: 1)
        #expect(
            TextReport.render(applied(passed, .proven), style: .plain) == "DEV proven: 1 proven, verified in 12.3 s\n")
    }

    @Test("JUnit has a test case of its own")
    func junit() {
        let xml = JUnitReport(applied(Self.failed, .failed)).render()
        #expect(xml.contains("tests=\"2\" failures=\"1\""))
        #expect(xml.contains("<testcase name=\"verify job smoke\" classname=\"descry.DEV\" time=\"3.210\">"))
        #expect(xml.contains("<failure type=\"verify-failed\""))
        #expect(xml.contains("&#10;log:&#10;GET /cart&#10;500 \u{FFFD}[31moops"))
    }

    @Test("JSON has its fields, and none of a check that was not made")
    func json() throws {
        let text = try JSONReport.render(applied(Self.failed, .failed))
        for field in [
            "\"kind\" : \"job\"", "\"outcome\" : \"failed\"", "\"code\" : \"verify-failed\"",
            "\"job\" : \"smoke-descry-a1b2c3-x4k9q\"", "\"target\" : \"smoke\"",
        ] {
            #expect(text.contains(field), "\(field)")
        }
        #expect(try !JSONReport.render(report(.apply, .proven, [])).contains("verification"))
    }

    @Test("plain lines are printed once for each change")
    func plainLines() {
        var plain = PlainProgress(style: .plain)
        func line(_ state: VerificationProgress.State) -> String {
            plain.render(.verification(.init(kind: .job, target: "smoke", state: state)))
        }
        #expect(line(.started(job: "smoke-1")) == "verify job smoke: started as smoke-1\n")
        #expect(line(.waiting("pod a: running")) == "verify job smoke: not yet: pod a: running\n")
        #expect(line(.waiting("pod a: running")) == "")
        #expect(
            line(.failed(.init(code: "verify-failed", message: "m"))) == "verify job smoke: failed: verify-failed\n")
    }

    @Test("on a terminal it is the table's last line, drawn over itself")
    func live() {
        var live = LiveProgress(style: .plain, terminal: .init(columns: 100, rows: 24))
        _ = live.render(.planned([AppProgress(app: "web", from: nil, to: "1.1.0-rc-\(sha)", state: .waiting)]))
        let event = { (state: VerificationProgress.State) in
            ProgressEvent.verification(.init(kind: .http, target: "https://a", state: state))
        }
        let first = live.render(event(.started(job: nil)))
        #expect(first.hasPrefix("\u{1B}[1A\u{1B}[J") && first.hasSuffix("\nverify https://a: started\n"))
        let second = live.render(event(.passed(seconds: 1)))
        #expect(second.hasPrefix("\u{1B}[2A\u{1B}[J") && second.hasSuffix("\nverify https://a: passed in 1.0 s\n"))
    }
}
