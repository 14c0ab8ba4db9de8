import Workloads

/// What one container of one pod has shown so far, and what it complains of now.
///
/// Source of the reasons: `pkg/kubelet/images/types.go` and `pkg/kubelet/container/sync_result.go` of Kubernetes.
struct ContainerMemory {
    struct Finding: Hashable {
        var code: RolloutFailure.Code
        var reason: String
        var message: String
        var grace: Duration
    }

    let restartsAtFirst: Int
    /// The last pull error that came with a reason, and whether the kubelet has backed off since.
    private var pullError: (reason: String, message: String)?
    private var hasBackedOff = false

    init(restartsAtFirst: Int) { self.restartsAtFirst = restartsAtFirst }

    mutating func complaint(of state: ContainerState, _ graces: RolloutGraces) -> Finding? {
        switch state.phase {
        case .waiting(let reason, let message):
            return waiting(reason ?? "", message ?? "", state, graces)
        case .running:
            pullError = nil
            hasBackedOff = false
            return restarting(state)
        case .terminated(let end):
            pullError = nil
            return ended(end, state)
        case nil: return nil
        }
    }

    private mutating func waiting(
        _ reason: String, _ message: String, _ state: ContainerState, _ graces: RolloutGraces
    ) -> Finding? {
        switch reason {
        case "ErrImagePull", "ImageInspectError", "RegistryUnavailable":
            return pullFailed(reason, message, graces)
        case "ImagePullBackOff":
            return backedOff(message, graces)
        case "InvalidImageName", "ErrImageNeverPull", "SignatureValidationFailed":
            return Finding(code: .imagePull, reason: reason, message: message, grace: .zero)
        case "CreateContainerConfigError":
            return Finding(code: .configError, reason: reason, message: message, grace: grace(message, graces))
        case "CreateContainerError", "PreCreateHookError", "PreStartHookError":
            return Finding(code: .createError, reason: reason, message: message, grace: grace(message, graces))
        case "RunContainerError", "PostStartHookError":
            return Finding(code: .runError, reason: reason, message: message, grace: .zero)
        case "CrashLoopBackOff":
            return crashing(state, waiting: message)
        default:
            return state.restartCount - restartsAtFirst >= 2 ? crashing(state, waiting: message) : nil
        }
    }

    /// A pull that failed: final words fail at once, passing trouble gets the time of a second try, and what is unclear
    /// a second. A second failure after a back-off is no blip any more.
    private mutating func pullFailed(_ reason: String, _ message: String, _ graces: RolloutGraces) -> Finding {
        let isSecond = hasBackedOff && pullError != nil
        pullError = (reason, message)
        let grace: Duration =
            switch PullError(message) {
            case .final: .zero
            case .passing: isSecond ? .zero : graces.passing
            case .unclear: isSecond ? .zero : graces.unclear
            }
        return Finding(code: .imagePull, reason: reason, message: message, grace: grace)
    }

    /// The back-off follows a failed pull within a moment, before any second try. Newer kubelets repeat the error in its
    /// message; older ones do not, so the error seen before speaks, and where there was none the pull has failed for a
    /// reason not known.
    private mutating func backedOff(_ message: String, _ graces: RolloutGraces) -> Finding {
        hasBackedOff = true
        let kind = PullError(message)
        if kind == .unclear, let before = pullError {
            let grace: Duration = PullError(before.message) == .passing ? graces.passing : .zero
            return Finding(code: .imagePull, reason: before.reason, message: before.message, grace: grace)
        }
        let grace: Duration = kind == .passing ? graces.passing : .zero
        return Finding(code: .imagePull, reason: "ImagePullBackOff", message: message, grace: grace)
    }

    private func grace(_ message: String, _ graces: RolloutGraces) -> Duration {
        PullError(message) == .passing ? graces.passing : .zero
    }

    private func restarting(_ state: ContainerState) -> Finding? {
        guard !state.isReady, state.restartCount - restartsAtFirst >= 2 else { return nil }
        return crashing(state, waiting: "")
    }

    private func ended(_ end: ContainerState.Termination, _ state: ContainerState) -> Finding? {
        // The runtime could not start the program at all (no such file, not executable): a second try ends alike.
        if end.reason == "StartError" || end.reason == "ContainerCannotRun" {
            return Finding(code: .runError, reason: end.reason ?? "", message: end.inWords, grace: .zero)
        }
        guard end.exitCode != 0, state.restartCount - restartsAtFirst >= 2 else { return nil }
        return crashing(state, waiting: "")
    }

    /// How the container ended is told by its last run, not by the back-off, which only says how long it waits.
    private func crashing(_ state: ContainerState, waiting: String) -> Finding {
        var end = state.lastTermination
        if case .terminated(let now) = state.phase { end = now }
        guard let end else {
            return Finding(code: .crashLoop, reason: "CrashLoopBackOff", message: waiting, grace: .zero)
        }
        if end.reason == "OOMKilled" {
            return Finding(code: .oomKilled, reason: "OOMKilled", message: end.inWords, grace: .zero)
        }
        return Finding(code: .crashLoop, reason: "CrashLoopBackOff", message: end.inWords, grace: .zero)
    }
}
