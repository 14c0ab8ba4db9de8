/// What `descry doctor` found: one entry a check, in the order of the flow.
public struct DoctorReport: Sendable, Encodable {
    public struct Check: Sendable, Encodable {
        public enum Result: String, Sendable, Encodable {
            case ok
            /// Descry works, but not as well as it could.
            case warning
            case failed
            /// Not tried, because something it needs failed.
            case skipped
        }

        public var name: String
        public var result: Result
        public var message: String
        /// How to mend it.
        public var hint: String?

        public init(_ name: String, _ result: Result, _ message: String, hint: String? = nil) {
            self.name = name
            self.result = result
            self.message = message
            self.hint = hint
        }
    }

    public var environment: String
    public var checks: [Check]

    public init(environment: String, checks: [Check] = []) {
        self.environment = environment
        self.checks = checks
    }

    public var isHealthy: Bool { !checks.contains { $0.result == .failed } }

    public func text(style: TextStyle) -> String {
        var text = ""
        for check in checks {
            let word =
                switch check.result {
                case .ok: style.paint("ok     ", .green)
                case .warning: style.paint("warning", .yellow)
                case .failed: style.paint("FAILED ", .red)
                case .skipped: style.paint("skipped", .dim)
                }
            text += "\(word)  \(check.name): \(printable(check.message))\n"
            if let hint = check.hint { text += "         \(printable(hint))\n" }
        }
        let failed = checks.count { $0.result == .failed }
        return text
            + (isHealthy
                ? "\(environment) \(style.paint("is ready", .green))\n"
                : "\(environment) \(style.paint("is not ready", .red)): \(counted(failed, "check")) failed\n")
    }
}
