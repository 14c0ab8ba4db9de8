import Workloads

/// What one look at a workload and its pods says about its rollout, for whoever does not stay to watch it.
///
/// A complaint that may still pass by itself (a pull that is tried again) counts as progressing.
public enum RolloutSnapshot {
    /// Judges a workload against the images of its own template: has what it was last told been carried out?
    ///
    /// - Parameters:
    ///   - target: the workload as it is now, with the images of its template; its timeout does not count.
    ///   - pods: the workload's own, or any; nil where pods cannot be read.
    public static func judge(_ target: RolloutTarget, workload: Workload, pods: [PodState]?) -> Verdict {
        let now = ContinuousClock.now
        var patient = target
        patient.timeout = .seconds(3600)
        var judge = RolloutJudge(target: patient, startedAt: now)
        guard case .progressing(var progress) = judge.judge(workload: workload, pods: pods, at: now) else {
            return judge.verdict
        }
        // A judge that stays cannot know whether a deadline was exceeded before its own patch; here that is all the same.
        if let exceeded = workload.progressDeadlineExceeded {
            return .failed(
                RolloutFailure(
                    code: .progressDeadline, reason: exceeded.reason ?? "", message: exceeded.message ?? "",
                    progress: progress))
        }
        let own = pods.map { $0.filter(workload.owns).sorted { $0.name < $1.name } }
        let unready = ObservedRollout(workload: workload, pods: own, target: target).unready
        progress.waitingFor = [progress.waitingFor, unready ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        return .progressing(progress)
    }
}
