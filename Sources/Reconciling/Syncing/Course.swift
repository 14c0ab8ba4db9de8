import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// One app's way through a pass.
struct Course: Sendable {
    /// What its way forward waits for.
    enum Stage: Sendable {
        /// The rollout of all its pods.
        case rolling
        /// The rollout of its canaries.
        case canaryRolling
        /// That its canaries hold. With `isAsked` their answers are waited for as well.
        case canaryHolding(CanaryHold, isAsked: Bool)
        /// That its pods say that they are well.
        case asking
    }

    /// As planned; as planned anew, where the workload had changed before it was patched.
    var planned: PlannedApp
    /// What to go back to: what this pass observed first, or one before it that did not come to its end.
    let before: Deployment.Before
    /// As the API server answered last.
    var workload: Workload
    /// When its way forward, or its way back, began.
    var startedAt = ContinuousClock.Instant.now
    var stage = Stage.rolling
    /// What is judged now; nil where nothing is.
    var target: RolloutTarget?
    /// The Deployment that its canaries run in, while it is there.
    var canary: (key: WorkloadKey, uid: String)?
    /// The workload itself holds what the descriptor says, or may hold it. Canaries of a Deployment come before.
    var isWritten: Bool
    /// The last word on its rollout, while its pods are asked.
    var proof: Verdict?
    /// An earlier pass that did not come to its end had set out to write it.
    let isResumed: Bool
    /// Container → image as this pass found them, which are an earlier pass's own where that did not come to its end.
    private let found: [String: String]

    init(_ planned: PlannedApp, interrupted: EarlierApps) {
        self.planned = planned
        let earlier = interrupted.before(planned)
        before = earlier ?? Deployment.Before(planned)
        isResumed = earlier != nil
        isWritten = isResumed
        found = Deployment.Before(planned).images
        workload = planned.workload
    }

    var name: String { planned.app.name }

    /// Seconds since its way forward, or its way back, began.
    var seconds: Double { startedAt.duration(to: .now).inSeconds }
}

// MARK: The way back

extension Course {
    /// The workload holds what this pass wrote, what it found, or what was there before: nobody else has deployed to it
    /// meanwhile.
    func isOurs(_ workload: Workload) -> Bool {
        planned.images.allSatisfy { image in
            let now = (image.isInit ? workload.initContainers : workload.containers).first {
                $0.name == image.container
            }?.image
            return now == image.desired
                || now.map { [before.images[image.container], found[image.container]].contains($0.description) }
                    ?? false
        }
    }

    /// The version that it goes back to.
    var versionBefore: String? {
        before.images[planned.images.first?.container ?? ""].flatMap { ContainerImage($0).tag }
    }

    /// - Parameter strategy: nil replaces all pods by a rolling update, whatever the strategy was before.
    func patchBefore(_ workload: Workload, strategy: UpdateStrategy?) -> WorkloadPatch {
        let images = before.images.sorted { $0.key < $1.key }.map { name, image in
            WorkloadPatch.Image(
                container: name, isInit: before.initContainers.contains(name), image: ContainerImage(image))
        }
        return WorkloadPatch(
            key: planned.key, uid: workload.uid, resourceVersion: workload.resourceVersion, images: images,
            annotations: before.annotations, strategy: strategy)
    }

    /// What somebody had set before Descry changed it; nil where that is what a rollout needs anyway.
    var strategyBefore: UpdateStrategy? {
        let isAsNeeded = before.strategy == "RollingUpdate" && (before.partition ?? 0) == 0
        guard !isAsNeeded, planned.key.kind != .deployment else { return nil }
        return UpdateStrategy(type: before.strategy, partition: before.partition)
    }

    func targetBefore(_ environment: Environment, _ workload: Workload) -> RolloutTarget {
        var target = RolloutTarget(planned, workload: workload, environment: environment)
        target.images = before.images.mapValues { ContainerImage($0) }
        target.initContainers = Set(before.initContainers)
        return target
    }

    // MARK: What to tell

    func step(_ state: AppProgress.State, pods: AppReport.Pods? = nil) -> AppProgress {
        AppProgress(planned, state, pods: pods)
    }

    func stepBack(_ state: AppProgress.State, pods: AppReport.Pods? = nil) -> AppProgress {
        AppProgress(app: name, from: planned.app.version.text, to: versionBefore ?? "?", state: state, pods: pods)
    }
}

extension RolloutProgress {
    /// What is missing, where that is more than the numbers of pods.
    var reason: String? {
        waitingFor.isEmpty || waitingFor.first?.isNumber == true ? nil : waitingFor
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
