/// The check of the whole environment that followed its rollouts.
public struct VerificationReport: Sendable, Encodable, Hashable {
    public enum Kind: String, Sendable, Encodable {
        /// A Job that was made for it.
        case job
        /// A URL that was asked.
        case http
    }

    public enum Outcome: String, Sendable, Codable {
        case passed
        case failed
    }

    public var kind: Kind
    /// The template's name, or the URL without its query, which may hold what is nobody's business.
    public var target: String
    /// The Job that was made.
    public var job: String?
    public var outcome: Outcome
    public var seconds: Double
    public var failure: AppReport.Failure?
    /// The last lines of the newest pod's log, where it could be read.
    public var log: [String]?

    /// What was asked: `job/smoke`, or the URL.
    public var name: String { kind == .job ? "job/\(target)" : target }

    public init(
        kind: Kind, target: String, job: String? = nil, outcome: Outcome, seconds: Double,
        failure: AppReport.Failure? = nil, log: [String]? = nil
    ) {
        self.kind = kind
        self.target = target
        self.job = job
        self.outcome = outcome
        self.seconds = seconds
        self.failure = failure
        self.log = log
    }
}

/// Where the check stands, for eyes.
public struct VerificationProgress: Sendable, Hashable {
    public enum State: Sendable, Hashable {
        /// It has begun; a Job's name, where one was made.
        case started(job: String?)
        /// It is not good yet, and asked again.
        case waiting(String)
        case passed(seconds: Double)
        case failed(AppReport.Failure)
    }

    public var kind: VerificationReport.Kind
    public var target: String
    public var state: State

    public init(kind: VerificationReport.Kind, target: String, state: State) {
        self.kind = kind
        self.target = target
        self.state = state
    }
}

/// `job smoke-test`, `https://shop.example.com/health`.
func verificationText(_ kind: VerificationReport.Kind, _ target: String) -> String {
    switch kind {
    case .job: "job \(printable(target))"
    case .http: printable(target)
    }
}

/// One line, with its end.
func verificationLine(_ progress: VerificationProgress, style: TextStyle) -> String {
    let state =
        switch progress.state {
        case .started(let job): job.map { "started as \(printable($0))" } ?? "started"
        case .waiting(let why): "not yet: \(printable(why))"
        case .passed(let seconds): style.paint("passed", .green) + " in \(secondsText(seconds))"
        // The report at the end has the message too.
        case .failed(let failure): style.paint("failed", .red) + ": \(failure.code)"
        }
    return "verify \(verificationText(progress.kind, progress.target)): \(state)\n"
}

extension VerificationReport {
    /// For the end of a pass: what failed, why, and what the check itself said last. Empty where it passed.
    func failureText(style: TextStyle) -> String {
        guard let failure else { return "" }
        var text =
            style.paint("verify \(verificationText(kind, target))", .red) + ": \(Reporting.failureText(failure))\n"
        if let log, !log.isEmpty { text += "  log:\n" + log.map { "    \(printable($0))\n" }.joined() }
        if let hint = failure.hint { text += "  hint: \(printable(hint))\n" }
        return text
    }

    /// Of its own, so that a failed check is seen beside apps that are all proven.
    func testCase(environment: String) -> JUnitReport.Case {
        var result = JUnitReport.Case.Result.passed
        if let failure {
            var lines = [Reporting.failureText(failure)]
            if let hint = failure.hint { lines.append("hint: " + hint) }
            if let log, !log.isEmpty { lines += ["log:"] + log }
            result = .failed(type: failure.code, message: failure.message, text: lines.joined(separator: "\n"))
        }
        return .init(
            name: "verify \(kind == .job ? "job " : "")\(target)", className: "descry.\(environment)", seconds: seconds,
            result: result)
    }
}
