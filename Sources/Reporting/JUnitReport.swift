/// JUnit XML as Jenkins' `junit` step reads it: one test suite a pass, one test case an app (a file, for `lint`).
///
/// Source of the rule: the schema of the Jenkins xUnit plugin, `junit-10.xsd`. Characters that XML 1.0 cannot hold are
/// replaced, so that a container's message can never make the file unreadable.
public struct JUnitReport: Sendable {
    public struct Case: Sendable {
        public enum Result: Sendable {
            case passed
            /// - Parameters:
            ///   - type: the stable code.
            ///   - message: one line.
            ///   - text: all that is known, with line breaks.
            case failed(type: String, message: String, text: String)
            case skipped(String)
        }

        public var name: String
        public var className: String
        public var seconds: Double
        public var result: Result

        public init(name: String, className: String, seconds: Double, result: Result) {
            self.name = name
            self.className = className
            self.seconds = seconds
            self.result = result
        }
    }

    public var name: String
    public var cases: [Case]

    public init(name: String, cases: [Case]) {
        self.name = name
        self.cases = cases
    }

    /// One case an app: unchanged and proven ones pass, those that were not started are skipped. One more for the check that
    /// followed.
    public init(_ report: SyncReport) {
        name = "descry \(report.command.rawValue) \(report.environment)"
        cases = report.apps.map { app in
            Case(
                name: "\(app.app) \(app.to)", className: "descry.\(report.environment)", seconds: app.seconds ?? 0,
                result: Self.result(of: app))
        }
        if let verification = report.verification {
            cases.append(verification.testCase(environment: report.environment))
        }
    }

    private static func result(of app: AppReport) -> Case.Result {
        if let failure = app.failure {
            var lines = [failureText(failure)]
            if let running = app.running { lines.append("running: " + running.joined(separator: ", ")) }
            if let hint = failure.hint { lines.append("hint: " + hint) }
            switch app.rollback?.outcome {
            case .proven: lines.append("rolled back" + (app.rollback?.to.map { " to \($0)" } ?? ""))
            case .failed(let failure): lines.append("not rolled back: " + failureText(failure))
            case nil: break
            }
            return .failed(
                type: failure.code, message: failure.reason ?? failure.message, text: lines.joined(separator: "\n"))
        }
        switch app.outcome {
        case .notStarted: return .skipped("not started: an earlier app failed")
        case .rolledBack: return .skipped("rolled back: another app failed")
        case .waiting: return .skipped("waits for a window or for approvals")
        case .preempted: return .skipped("no longer waited for: there is a newer commit")
        default: return .passed
        }
    }

    public func render() -> String {
        let failures = cases.count { if case .failed = $0.result { true } else { false } }
        let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
        let time = Self.decimal(cases.reduce(0) { $0 + $1.seconds })
        let counts = "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" skipped=\"\(skipped)\""
        var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        xml += "<testsuites>\n<testsuite name=\"\(Self.escape(name))\" \(counts) time=\"\(time)\">\n"
        for item in cases { xml += Self.render(item) }
        return xml + "</testsuite>\n</testsuites>\n"
    }

    private static func render(_ item: Case) -> String {
        let head =
            "  <testcase name=\"\(escape(item.name))\" classname=\"\(escape(item.className))\""
            + " time=\"\(decimal(item.seconds))\""
        switch item.result {
        case .passed: return head + "/>\n"
        case .skipped(let why): return head + ">\n    <skipped message=\"\(escape(why))\"/>\n  </testcase>\n"
        case .failed(let type, let message, let text):
            return head + ">\n    <failure type=\"\(escape(type))\" message=\"\(escape(message))\">\(escape(text))"
                + "</failure>\n  </testcase>\n"
        }
    }

    /// Milliseconds at most, never in exponent form.
    private static func decimal(_ seconds: Double) -> String {
        let milliseconds = Int((max(0, seconds) * 1000).rounded())
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\n": escaped += "&#10;"
            case "\t": escaped += "&#9;"
            case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                escaped.unicodeScalars.append(scalar)
            default: escaped += "\u{FFFD}"
            }
        }
        return escaped
    }
}
