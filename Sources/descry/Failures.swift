import Demo
import Documents
import Git
import Kubernetes
import Reconciling
import Reporting

/// What ends a command early: what to print, and the exit code. Made from any error, so that no error is ever printed
/// as Swift writes it.
struct Failure: Error {
    let status: ExitStatus
    let code: String
    let message: String
    let hint: String?
    let diagnostics: [Diagnostic]

    init(status: ExitStatus, code: String, message: String, hint: String? = nil, diagnostics: [Diagnostic] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.diagnostics = diagnostics
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let refused as Refused:
            let count = refused.diagnostics.count
            self.init(
                status: .refused, code: "refused",
                message: "\(count) problem\(count == 1 ? "" : "s"); nothing was changed",
                diagnostics: refused.diagnostics)
        case let error as GitError:
            self.init(
                status: ExitStatus(rawValue: error.category.exitCode) ?? .internalError, code: error.code,
                message: error.message, hint: error.hint)
        case let error as KubernetesError:
            self.init(
                status: ExitStatus(error), code: error.code, message: error.message,
                hint: error.hint)
        case let denied as LeaseDenied:
            self.init(status: denied.exitStatus, code: denied.code, message: denied.description, hint: denied.hint)
        case let error as DemoError:
            self.init(status: .internalError, code: error.code, message: error.message, hint: error.hint)
        case is CancellationError:
            self.init(status: .internalError, code: "cancelled", message: "stopped before the end")
        default:
            self.init(status: .internalError, code: "internal", message: String(describing: error))
        }
    }

    /// What `-o json` prints where a command could not do its work.
    private struct Report: Encodable {
        struct Error: Encodable {
            var code: String
            var message: String
            var hint: String?
        }

        var error: Error
        var diagnostics: [DiagnosticReport]?
        var exitCode: Int32
    }

    func printText() {
        for diagnostic in diagnostics { OutputStream.standardError.write(diagnostic.description + "\n") }
        var text = "error[\(code)]: \(TerminalText.escaped(message))\n"
        if let hint { text += "  hint: \(TerminalText.escaped(hint))\n" }
        OutputStream.standardError.write(text)
    }

    /// Text goes to standard error in both formats, so that a pipeline's log always says why; JSON to standard output.
    func print(_ output: OutputOptions) {
        printText()
        guard output.format == .json else { return }
        let report = Report(
            error: .init(code: code, message: message, hint: hint),
            diagnostics: diagnostics.isEmpty ? nil : diagnostics.map(DiagnosticReport.init),
            exitCode: status.rawValue)
        output.printJSON(report)
    }

    /// The failed case of a JUnit file: Jenkins shows it even where no app was looked at.
    func junit(name: String) -> JUnitReport {
        let text = ([message] + diagnostics.map(\.description) + [hint.map { "hint: " + $0 }].compactMap { $0 })
            .joined(separator: "\n")
        return JUnitReport(
            name: name,
            cases: [
                .init(
                    name: name, className: "descry", seconds: 0,
                    result: .failed(type: code, message: message, text: text))
            ])
    }
}
