import ArgumentParser
import Documents
import Git
import Kubernetes
import Reporting

/// An error as every command prints it: a stable code, what happened, and what to do next.
struct ReportedError: Encodable {
    var code: String
    var message: String
    var hint: String?
}

/// What `-o json` prints where a command could not do its work.
struct ErrorReport: Encodable {
    var error: ReportedError
    var diagnostics: [Diagnostic]?
    var exitCode: Int32
}

/// Reads any error that ends a command: what to print, and which exit code it has.
struct Failure {
    var status: ExitStatus
    var error: ReportedError
    var diagnostics: [Diagnostic] = []

    init(status: ExitStatus, code: String, message: String, hint: String? = nil) {
        self.status = status
        error = ReportedError(code: code, message: message, hint: hint)
    }

    init(_ error: any Error) {
        switch error {
        case let refused as Refused:
            self.init(
                status: .refused, code: refused.diagnostics.first?.code ?? "refused",
                message: "the input is refused (\(refused.diagnostics.count) problem\(refused.diagnostics.count == 1 ? "" : "s"))")
            diagnostics = refused.diagnostics
        case let error as GitError:
            self.init(status: Self.status(of: error), code: error.code, message: error.message, hint: error.hint)
        case let error as KubernetesError:
            self.init(status: Self.status(of: error), code: error.code, message: error.message, hint: error.hint)
        case is CancellationError:
            self.init(status: .internalError, code: "cancelled", message: "stopped before the end")
        default:
            self.init(status: .internalError, code: "internal", message: String(describing: error))
        }
    }
}
