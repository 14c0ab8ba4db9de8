/// The exit codes of every command: a public contract, listed in docs/cli.md.
///
/// The codes from 64 on follow BSD's `sysexits.h`, so that a script can tell wrong input (a retry won't help) from a
/// world that is not there (a retry may).
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Done; nothing wrong.
    case done = 0
    /// An error in Descry itself.
    case internalError = 1
    /// `plan --exit-code`: changes are pending. `apply`: they wait for a window or for approvals.
    case changesPending = 2
    /// A rollout failed; everything of this sync was rolled back.
    case rolledBack = 3
    /// A rollout failed; something could not be, or was not to be, rolled back.
    case rolloutFailed = 4
    /// Wrong usage of the command line.
    case usage = 64
    /// Descriptor or environment file refused.
    case refused = 65
    /// Git server, registry or API server not reachable in time.
    case unreachable = 69
    /// Another writer holds the environment.
    case locked = 75
    /// Not permitted: 401, 403, TLS identity.
    case denied = 77
    /// A workload or container that the descriptor names does not exist.
    case missing = 78
}
