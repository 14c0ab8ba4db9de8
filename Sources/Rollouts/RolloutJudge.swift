import Workloads

/// Judges one rollout from what is observed of its workload and pods. Pure: it does no I/O and takes the time as an
/// argument, so that a recorded sequence gives the same verdict every time.
///
/// Call `judge` on every change of the workload or of one of its pods, and again at `nextDeadline` where no change came
/// before. A final verdict (`proven`, `failed`) stays.
///
/// Workload and pods come from two watches, of which either may be behind the other. That is harmless: a rollout is only
/// proven where both agree, and a workload older than Descry's own patch (by generation) is not judged at all.
public struct RolloutJudge: Sendable {
    public let target: RolloutTarget
    public let startedAt: ContinuousClock.Instant
    /// The last verdict; progressing before the first observation.
    public private(set) var verdict: Verdict
    /// When to judge again where nothing changes before: the rollout's own deadline, or the end of a grace. Nil once
    /// the verdict is final.
    public private(set) var nextDeadline: ContinuousClock.Instant?
    /// The pod to replace now, by the target's policy; see ``replacing(_:)``.
    public private(set) var stuckPod: StuckPod?

    private var replacement: StuckPodReplacement
    private var complaints = ComplaintLedger()
    private var hasSeenWorkload = false
    private var staleDeadlineMessage: String?
    private var pods = PodReader()

    public init(target: RolloutTarget, startedAt: ContinuousClock.Instant) {
        self.target = target
        self.startedAt = startedAt
        replacement = StuckPodReplacement(policy: target.stuckPods)
        verdict = .progressing(
            RolloutProgress(replicas: 0, updated: 0, ready: 0, waitingFor: "the first answer of the API server"))
        nextDeadline = startedAt + target.timeout
    }

    /// When the rollout's time is up.
    public var deadline: ContinuousClock.Instant { startedAt + target.timeout }

    /// The caller is replacing this pod: it is not offered again, and holds nothing against the rollout.
    public mutating func replacing(_ pod: StuckPod) {
        replacement.handOut(pod)
        stuckPod = nil
    }

    /// Stuck pods cannot be replaced after all: the rollout fails by them.
    public mutating func cannotReplace(because message: String, hint: String) {
        replacement.refuse(message, hint: hint)
        stuckPod = nil
    }

    /// Judges what is known now.
    ///
    /// - Parameters:
    ///   - workload: as last observed; nil where it does not exist. Before it was seen once, nil means "not known yet".
    ///   - pods: any pods of the namespace, of which the judge picks the workload's own. Nil where pods cannot be read:
    ///     then the workload's status alone has to prove the rollout, and only Deployments can fail before the deadline.
    ///   - now: the moment of this judgement; it must not run backwards.
    @discardableResult
    public mutating func judge(workload: Workload?, pods: [PodState]?, at now: ContinuousClock.Instant) -> Verdict {
        guard !verdict.isFinal else { return verdict }
        verdict = decide(workload, pods, now)
        nextDeadline = verdict.isFinal ? nil : min(deadline, complaints.nextExpiry ?? deadline)
        return verdict
    }

    private mutating func decide(_ workload: Workload?, _ all: [PodState]?, _ now: ContinuousClock.Instant) -> Verdict {
        guard let workload else {
            if hasSeenWorkload, let gone = target.lifecycleFailure(nil, last: verdict.progress) { return .failed(gone) }
            return now >= deadline ? .failed(timedOut(verdict.progress, because: nil)) : verdict
        }
        noteFirstSight(of: workload)
        if let failure = target.lifecycleFailure(workload, last: verdict.progress) { return .failed(failure) }

        let own = all.map { $0.filter(workload.owns).sorted { $0.name < $1.name } }
        let rollout = ObservedRollout(workload: workload, pods: own, target: target)
        var progress = rollout.progress
        guard let missing = rollout.missing else {
            progress.waitingFor = ""
            return .proven(progress)
        }
        progress.waitingFor = missing
        var pending = rollout.isObserved ? controllerComplaints(workload) : []
        if rollout.isObserved { pending += podComplaints(of: rollout) }
        if let complaint = complaints.overdue(pending, at: now) { return .failed(complaint.failure(progress)) }
        if now >= deadline { return .failed(timedOut(progress, because: rollout.unready ?? pending.first?.text)) }
        return .progressing(progress)
    }

    /// What is wrong with the pods, but for stuck ones that are being replaced.
    private mutating func podComplaints(of rollout: ObservedRollout) -> [Complaint] {
        let all = pods.complaints(of: rollout, target: target)
        stuckPod = replacement.next(of: rollout, complaints: all)
        return all.compactMap { complaint in
            guard complaint.code == .blockedByStuckPod,
                let pod = rollout.pods?.first(where: { $0.name == complaint.pod })
            else { return complaint }
            if replacement.covers(pod, rollout) { return nil }
            guard let refusal = replacement.refusal else { return complaint }
            var refused = complaint
            refused.message += "; " + refusal.message
            refused.hint = refusal.hint
            return refused
        }
    }

    private mutating func noteFirstSight(of workload: Workload) {
        let exceeded = workload.progressDeadlineExceeded
        if !hasSeenWorkload {
            hasSeenWorkload = true
            staleDeadlineMessage = exceeded.map { $0.message ?? "" }
        } else if exceeded == nil || (exceeded?.message ?? "") != staleDeadlineMessage {
            staleDeadlineMessage = nil
        }
    }

    /// Complaints of the controller itself. A Deployment that had exceeded its deadline before Descry's patch keeps that
    /// condition until the controller notes progress, so the one seen at first does not count until it has changed.
    private func controllerComplaints(_ workload: Workload) -> [Complaint] {
        guard workload.key.kind == .deployment else { return [] }
        return DeploymentRollout.complaints(workload, ignoringDeadline: staleDeadlineMessage != nil, target.graces)
    }

    private func timedOut(_ progress: RolloutProgress, because: String?) -> RolloutFailure {
        let details = [progress.waitingFor, because].compactMap { $0 }.filter { !$0.isEmpty }
        return RolloutFailure(
            code: .timedOut, reason: "TimedOut",
            message: "not finished after \(target.timeout.inWords): " + details.joined(separator: "; "),
            progress: progress)
    }
}

extension RolloutTarget {
    var namespaceFlag: String { namespace.map { " -n \($0)" } ?? "" }
}

extension Duration {
    /// `90 s`, `1.5 s`: seconds with at most three decimals.
    var inWords: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        if milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
        return "\(Double(milliseconds) / 1000) s"
    }
}
