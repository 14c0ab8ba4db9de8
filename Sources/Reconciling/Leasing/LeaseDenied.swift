import Kubernetes
import Reporting

/// Why an environment is not this process's to write, or no longer.
public enum LeaseDenied: Error, Sendable, CustomStringConvertible {
    /// Somebody else holds it, for all the time that was to be waited.
    case held(by: String, environment: String)
    /// It was held, and went to somebody else (nil: was taken away) since it could not be renewed in time.
    case lost(to: String?, environment: String)
    /// The token may not write the lease, and the caller does not do without.
    case forbidden(KubernetesError)

    /// Stable, kebab-case.
    public var code: String {
        switch self {
        case .held: "locked"
        case .lost: "lock-lost"
        case .forbidden(let error): error.code
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .held, .lost: .locked
        case .forbidden(let error): ExitStatus(error)
        }
    }

    public var description: String {
        switch self {
        case .held(let holder, let environment): "\(environment) is held by \(holder)"
        case .lost(let holder?, let environment): "the lock of \(environment) was lost to \(holder)"
        case .lost(nil, let environment): "the lock of \(environment) was taken away"
        case .forbidden(let error): error.message
        }
    }

    public var hint: String? {
        switch self {
        case .held: "Wait longer (--lock-timeout), or find out what it is doing"
        case .lost: "No further patch was sent. `descry status` says what runs; whoever holds it now goes on from there"
        case .forbidden(let error): error.hint
        }
    }

    /// What a write is refused with once the lease is lost. It was never sent.
    var refusal: KubernetesError {
        KubernetesError(code: code, category: .denied, message: "Not sent: \(description).", hint: hint)
    }
}
