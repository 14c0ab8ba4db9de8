import Workloads

/// All rollouts of a namespace at once: takes the events of one workload watch and one pod watch, and judges only the
/// rollouts that an event concerns. Pure, like the judge: the caller brings the events and the time.
///
/// Every call that takes an event returns the verdicts that changed by it. Workloads that no rollout was begun for, and
/// pods of nobody's, are ignored.
public struct RolloutBoard: Sendable {
    /// The last verdict of every rollout begun.
    public private(set) var verdicts: [WorkloadKey: Verdict] = [:]

    private var judges: [WorkloadKey: RolloutJudge] = [:]
    private var followed: Set<WorkloadKey> = []
    private var workloads: [WorkloadKey: Workload] = [:]
    /// The uid of objects that the caller has made and no event has shown yet: until one does, what is said of that name is of an
    /// older time.
    private var unseen: [WorkloadKey: String] = [:]
    private var pods = PodIndex()
    private var readsPods = true
    private var openRollouts = 0
    private var alarm = Alarm()

    public init() {}

    /// True once every rollout begun has a final verdict.
    public var isFinished: Bool { openRollouts == 0 }

    /// The rollouts that are still judged, in order.
    public var unfinished: [WorkloadKey] { verdicts.filter { !$0.value.isFinal }.keys.sorted() }

    /// When to call `tick` where no event comes before; nil where no rollout is open.
    public mutating func nextDeadline() -> ContinuousClock.Instant? { alarm.next() }

    /// Keeps what is seen of these workloads from now on, so that nothing is missed between a patch and its answer.
    public mutating func follow(_ keys: some Sequence<WorkloadKey>) { followed.formUnion(keys) }

    /// Starts to judge rollouts; their time runs from `now`. One that is open for the same workload is replaced.
    ///
    /// - Parameters:
    ///   - started: with each target the object as the API server answered the patch.
    ///   - areNew: the caller has just made these objects. The watch may still be at a time before: it may lack them, or have others
    ///     of their names that were deleted to make place.
    public mutating func begin(
        _ started: [(target: RolloutTarget, workload: Workload)], areNew: Bool = false, at now: ContinuousClock.Instant
    ) -> [WorkloadKey: Verdict] {
        follow(started.map(\.target.key))
        for (target, workload) in started {
            if verdicts[target.key]?.isFinal ?? true { openRollouts += 1 }
            let judge = RolloutJudge(target: target, startedAt: now)
            judges[target.key] = judge
            verdicts[target.key] = judge.verdict
            // The watch may have been faster than the answer: what it showed of the same generation has the newer status.
            if let known = workloads[target.key], known.uid == workload.uid, known.generation >= workload.generation {
                continue
            }
            if areNew, workloads[target.key]?.uid != workload.uid { unseen[target.key] = workload.uid }
            workloads[target.key] = workload
        }
        pods.track(started.map(\.workload))
        return judge(started.map(\.target.key), now)
    }

    /// Stops to judge a rollout; what is seen of its workload is still kept.
    public mutating func abandon(_ key: WorkloadKey) {
        guard let verdict = verdicts.removeValue(forKey: key) else { return }
        if !verdict.isFinal { openRollouts -= 1 }
        judges[key] = nil
        unseen[key] = nil
        alarm.set(key, nil)
    }

    /// Takes a whole list of one kind. A rollout whose workload is not in it has lost its workload.
    public mutating func replaceWorkloads(
        of kind: WorkloadKind, with all: [Workload], at now: ContinuousClock.Instant
    ) -> [WorkloadKey: Verdict] {
        let listed = Set(all.map(\.key))
        for key in workloads.keys where key.kind == kind && !listed.contains(key) && unseen[key] == nil {
            workloads[key] = nil
        }
        for workload in all { take(workload) }
        return judge(judges.keys.filter { $0.kind == kind }.sorted(), now)
    }

    /// Takes a new or changed workload.
    public mutating func update(_ workload: Workload, at now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        take(workload)
        return judge([workload.key], now)
    }

    /// Takes the deletion of a workload.
    ///
    /// - Parameter uid: of the object that was deleted; nil where that is not known. The deletion of another one than the one last
    ///   seen was before that.
    public mutating func removeWorkload(
        _ key: WorkloadKey, uid: String? = nil, at now: ContinuousClock.Instant
    ) -> [WorkloadKey: Verdict] {
        if let uid, let known = workloads[key], known.uid != uid { return [:] }
        unseen[key] = nil
        workloads[key] = nil
        return judge([key], now)
    }

    /// Takes a whole list of the namespace's pods.
    public mutating func replacePods(
        with all: [PodState], at now: ContinuousClock.Instant
    ) -> [WorkloadKey: Verdict] {
        judge(pods.replaceAll(with: all).sorted(), now)
    }

    /// Takes a new or changed pod.
    public mutating func update(_ pod: PodState, at now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        judge(pods.update(pod).sorted(), now)
    }

    /// Takes the deletion of a pod.
    public mutating func remove(_ pod: PodState, at now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        judge(pods.remove(pod).sorted(), now)
    }

    /// From now on the workloads' own status is all there is: the token may not read pods.
    public mutating func judgeWithoutPods(at now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        readsPods = false
        return judge(judges.keys.sorted(), now)
    }

    /// Judges the rollouts whose time or grace is up.
    public mutating func tick(at now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        judge(alarm.due(at: now).sorted(), now)
    }

    /// The pods to replace now, one a rollout at most.
    public var stuckPods: [StuckPod] { unfinished.compactMap { judges[$0]?.stuckPod } }

    /// The caller is replacing the pod.
    public mutating func replacing(_ pod: StuckPod) { judges[pod.key]?.replacing(pod) }

    /// The pod cannot be replaced: its rollout fails by it. Returns the verdicts that change by this.
    public mutating func cannotReplace(
        _ pod: StuckPod, because message: String, hint: String, at now: ContinuousClock.Instant
    ) -> [WorkloadKey: Verdict] {
        judges[pod.key]?.cannotReplace(because: message, hint: hint)
        return judge([pod.key], now)
    }

    /// The workload's pods as known now, for a report of what is running where.
    public func pods(of key: WorkloadKey) -> [PodState] { pods.pods(of: key) }

    /// The same, or nil where pods cannot be read.
    public func ownPods(of key: WorkloadKey) -> [PodState]? { readsPods ? pods.pods(of: key) : nil }

    /// The workload as known now.
    public func workload(_ key: WorkloadKey) -> Workload? { workloads[key] }

    /// A watch may be behind the answer to the patch: the older object is dropped.
    private mutating func take(_ workload: Workload) {
        guard followed.contains(workload.key) else { return }
        if let uid = unseen[workload.key] {
            guard workload.uid == uid else { return }
            unseen[workload.key] = nil
        }
        if let known = workloads[workload.key], known.isNewer(than: workload) { return }
        workloads[workload.key] = workload
        pods.track([workload])
    }

    private mutating func judge(_ keys: [WorkloadKey], _ now: ContinuousClock.Instant) -> [WorkloadKey: Verdict] {
        var changed: [WorkloadKey: Verdict] = [:]
        for key in keys {
            guard let former = judges[key]?.verdict, !former.isFinal else { continue }
            let own = readsPods ? pods.pods(of: key) : nil
            guard let verdict = judges[key]?.judge(workload: workloads[key], pods: own, at: now) else { continue }
            alarm.set(key, judges[key]?.nextDeadline)
            if verdict.isFinal { openRollouts -= 1 }
            if verdict != verdicts[key] || verdict != former { changed[key] = verdict }
            verdicts[key] = verdict
        }
        return changed
    }
}

extension Workload {
    fileprivate func isNewer(than other: Workload) -> Bool { uid == other.uid && generation > other.generation }
}

/// The moments at which rollouts want to be judged again, and the first of them, which is only searched for again after
/// it has changed: most events leave it as it is.
private struct Alarm {
    private var moments: [WorkloadKey: ContinuousClock.Instant] = [:]
    private var first: ContinuousClock.Instant?
    private var isFirstKnown = true

    mutating func set(_ key: WorkloadKey, _ moment: ContinuousClock.Instant?) {
        let former = moments[key]
        guard former != moment else { return }
        moments[key] = moment
        guard isFirstKnown else { return }
        if let former, former == first {
            isFirstKnown = false
        } else if let moment {
            first = min(first ?? moment, moment)
        }
    }

    mutating func next() -> ContinuousClock.Instant? {
        if !isFirstKnown {
            first = moments.values.min()
            isFirstKnown = true
        }
        return first
    }

    mutating func due(at now: ContinuousClock.Instant) -> [WorkloadKey] {
        guard let next = next(), next <= now else { return [] }
        return moments.filter { $0.value <= now }.map(\.key)
    }
}
