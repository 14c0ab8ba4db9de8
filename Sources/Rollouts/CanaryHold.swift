import Workloads

/// Watches proven canaries for a while: each must go on running as it did, without a restart and without losing its readiness.
/// Pure, like ``RolloutJudge``: it does no I/O and takes the time as an argument.
///
/// Call `judge` on every change of the workload or of one of its pods, and again at `nextDeadline` where no change came before.
/// A final verdict (`passed`, `failed`) stays.
///
/// A hold is begun with the pods of the moment in which their rollout was proven. Where pods cannot be read it has nothing but
/// the workload's count of ready pods, which must not fall.
public struct CanaryHold: Sendable {
    public let target: RolloutTarget
    /// The names of the canaries, in order; empty where pods cannot be read.
    public var canaries: [String] { watched.map(\.name) }
    /// The last verdict.
    public private(set) var verdict: HoldVerdict
    /// When to judge again where nothing changes before; nil once the verdict is final.
    public var nextDeadline: ContinuousClock.Instant? { verdict.isFinal ? nil : end }

    private let end: ContinuousClock.Instant
    private let watched: [PodState]
    private let seesPods: Bool
    private var progress: RolloutProgress

    /// - Parameters:
    ///   - target: of the canaries' own rollout: with its partition, or the second Deployment.
    ///   - pods: the workload's own, as they were when the rollout was proven; nil where pods cannot be read.
    ///   - hold: for how long they are watched, from `startedAt` on.
    public init(target: RolloutTarget, pods: [PodState]?, hold: Duration, startedAt: ContinuousClock.Instant) {
        self.target = target
        end = startedAt + hold
        seesPods = pods != nil
        watched = (pods ?? []).filter { target.holdsCanary($0) && !$0.isBeingDeleted && !$0.hasEnded }
            .sorted { ($0.ordinal, $0.name) < ($1.ordinal, $1.name) }
        progress = RolloutProgress(replicas: 0, updated: 0, ready: 0, hasSeenPods: pods != nil)
        verdict = .holding(until: end)
    }

    /// Judges what is known now.
    ///
    /// - Parameters:
    ///   - workload: as last observed; nil where it is gone.
    ///   - pods: any pods of the namespace; nil where pods cannot be read.
    ///   - now: the moment of this judgement; it must not run backwards.
    @discardableResult
    public mutating func judge(
        workload: Workload?, pods: [PodState]?, at now: ContinuousClock.Instant
    ) -> HoldVerdict {
        guard !verdict.isFinal else { return verdict }
        if let failure = failure(workload, pods) {
            verdict = .failed(failure)
        } else if now >= end {
            verdict = .passed
        }
        return verdict
    }

    private mutating func failure(_ workload: Workload?, _ pods: [PodState]?) -> RolloutFailure? {
        if let workload {
            progress = ObservedRollout(workload: workload, pods: pods, target: target).progress
        }
        if let failure = target.lifecycleFailure(workload, last: progress) { return failure }
        guard seesPods, let pods else { return workload.flatMap(countFailure) }
        guard !watched.isEmpty else {
            return RolloutFailure(
                code: .canaryGone, reason: "CanaryGone", message: "\(target.key) has no canary left to watch",
                hint: "see whether somebody scaled it down, then apply again", progress: progress)
        }
        for canary in watched {
            if let failure = failure(of: canary, now: pods.first { $0.uid == canary.uid }) { return failure }
        }
        return nil
    }

    private func failure(of canary: PodState, now: PodState?) -> RolloutFailure? {
        guard let now, !now.isBeingDeleted, !now.hasEnded else {
            let words = [now?.reason, now?.message].compactMap { $0 }.joined(separator: ": ")
            return RolloutFailure(
                code: .canaryGone, pod: canary.name, reason: "CanaryGone",
                message: "was taken away while it was watched" + (words.isEmpty ? "" : " (\(words))"),
                hint: "see the node and who deletes pods, then apply again", progress: progress)
        }
        if let restarted = restart(of: canary, now: now) { return restarted }
        guard now.isReady else {
            return RolloutFailure(
                code: .canaryNotReady, pod: canary.name, reason: "CanaryNotReady",
                message: "was ready and is so no longer: \(now.unreadyInWords)", progress: progress)
        }
        return nil
    }

    /// A count that rose tells of a restart that nobody saw; one that was seen says how the container ended.
    private func restart(of canary: PodState, now: PodState) -> RolloutFailure? {
        for state in now.initContainerStates + now.containerStates {
            let before = (canary.initContainerStates + canary.containerStates).first { $0.name == state.name }
            let isMain = now.containerStates.contains { $0.name == state.name }
            var hasStopped = false
            if isMain, case .terminated = state.phase { hasStopped = true }
            guard state.restartCount > before?.restartCount ?? 0 || hasStopped else { continue }
            return RolloutFailure(
                code: .canaryRestarted, pod: canary.name, container: state.name, reason: "CanaryRestarted",
                message: "ended while it was watched: \(state.lastEnd?.inWords ?? "nobody saw why")", progress: progress
            )
        }
        return nil
    }

    /// Nobody can tell which pod it is, so another one's failure ends the canary, too.
    private func countFailure(_ workload: Workload) -> RolloutFailure? {
        guard workload.status.ready < workload.replicas else { return nil }
        return RolloutFailure(
            code: .canaryNotReady, reason: "CanaryNotReady",
            message: "\(workload.status.ready) of \(workload.replicas) pods are ready; the token may not read which",
            progress: progress)
    }
}

/// What a ``CanaryHold`` says at one moment. `passed` and `failed` are final.
public enum HoldVerdict: Sendable, Hashable {
    case holding(until: ContinuousClock.Instant)
    case passed
    case failed(RolloutFailure)

    public var isFinal: Bool {
        if case .holding = self { false } else { true }
    }
}

extension RolloutTarget {
    /// Of a StatefulSet the pods from the partition on, of a Deployment of canaries all.
    func holdsCanary(_ pod: PodState) -> Bool { key.kind != .statefulSet || pod.ordinal >= partition }
}

extension ContainerState {
    /// How the container ended last, where it has.
    fileprivate var lastEnd: Termination? {
        if case .terminated(let end) = phase { return end }
        return lastTermination
    }
}
