import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Takes back what a pass has written, because one of its apps failed: last wave first, and proven like any rollout.
struct Rollback: Sendable {
    /// A workload that this pass has changed.
    struct Written: Sendable {
        /// As it was patched.
        var planned: PlannedApp
        /// What to go back to: what this pass observed, or one before it that was killed.
        var before: Deployment.Before
        /// As the API server answered the patch.
        var workload: Workload
    }

    let environment: Environment
    let cluster: KubernetesClient
    let progress: @Sendable (ProgressEvent) -> Void

    /// Never throws for what the API server says: one app that cannot be taken back must not keep the others from it.
    ///
    /// - Throws: `CancellationError`.
    func carryOut(_ written: [Written], _ watch: inout RolloutWatch, _ record: inout SyncRecord) async throws {
        progress(.note("rolling back \(written.count) app\(written.count == 1 ? "" : "s"), the last wave first"))
        for wave in Set(written.map(\.planned.wave)).sorted(by: >) {
            try await takeBack(written.filter { $0.planned.wave == wave }, &watch, &record)
        }
    }

    private func takeBack(
        _ wave: [Written], _ watch: inout RolloutWatch, _ record: inout SyncRecord
    ) async throws {
        let clock = ContinuousClock.now
        let results = try await concurrentMap(wave, limit: WorkloadWriter.patchesInFlight) {
            try await restore($0)
        }
        var started: [(target: RolloutTarget, workload: Workload)] = []
        var apps: [WorkloadKey: Written] = [:]
        for (written, result) in zip(wave, results) {
            switch result {
            case .success(let workload):
                started.append((written.targetBefore(environment, workload), workload))
                apps[written.planned.key] = written
            case .failure(let failure): finish(written, .failed(failure), since: clock, &record)
            }
        }
        guard !started.isEmpty else { return }
        let verdicts: [WorkloadKey: (verdict: Verdict, at: ContinuousClock.Instant)]
        do {
            verdicts = try await watch.prove(started, listener(apps, since: clock))
        } catch let error as KubernetesError {
            for written in apps.values { finish(written, .failed(AppReport.Failure(error)), since: clock, &record) }
            return
        }
        for (target, _) in started {
            guard let written = apps[target.key], let (verdict, moment) = verdicts[target.key] else { continue }
            var state = AppReport.Rollback.Outcome.proven
            if case .failed(let failure) = verdict { state = .failed(AppReport.Failure(failure)) }
            if state == .proven, let failure = try await restoreStrategy(of: written) { state = .failed(failure) }
            finish(written, state, since: clock, at: moment, &record)
        }
    }

    private func finish(
        _ written: Written, _ outcome: AppReport.Rollback.Outcome, since start: ContinuousClock.Instant,
        at moment: ContinuousClock.Instant = .now, _ record: inout SyncRecord
    ) {
        let seconds = start.duration(to: moment).inSeconds
        record.rolledBack(written.planned, to: written.version, outcome, seconds: seconds)
        if case .failed(let failure) = outcome { progress(.app(written.step(.failed(failure)))) }
    }

    // MARK: Writing

    /// Writes back images and annotations. Pods are replaced by a rolling update whatever the strategy was.
    private func restore(_ written: Written) async throws -> Result<Workload, AppReport.Failure> {
        try await write(written, from: written.workload, strategy: nil)
    }

    /// What somebody had set before Descry changed it, once all pods are back.
    private func restoreStrategy(of written: Written) async throws -> AppReport.Failure? {
        let planned = written.planned
        let strategy = UpdateStrategy(type: written.before.strategy, partition: written.before.partition)
        let isAsBefore = strategy.type == "RollingUpdate" && (strategy.partition ?? 0) == 0
        guard !isAsBefore, planned.key.kind != .deployment else { return nil }
        switch try await write(written, from: nil, strategy: strategy) {
        case .success: return nil
        case .failure(let failure): return failure
        }
    }

    /// - Parameter known: the workload as last seen; nil to read it first.
    private func write(
        _ written: Written, from known: Workload?, strategy: UpdateStrategy?
    ) async throws -> Result<Workload, AppReport.Failure> {
        let key = written.planned.key
        do {
            var current = known
            for _ in 0..<WorkloadWriter.attempts {
                if current == nil { current = try await cluster.workload(key, namespace: environment.namespace) }
                guard let workload = current, workload.uid == written.workload.uid else {
                    return .failure(.gone(key))
                }
                guard written.isOurs(workload) else { return .failure(.superseded(key, environment.namespace)) }
                do {
                    // By force: what it takes over, if anything, are fields that this pass took over before.
                    return .success(
                        try await cluster.apply(
                            written.patchBefore(workload, strategy: strategy), namespace: environment.namespace,
                            force: true))
                } catch let error as KubernetesError where error.category == .conflict {
                    current = nil
                }
            }
            return .failure(.contended(key))
        } catch let error as KubernetesError {
            return .failure(AppReport.Failure(error))
        }
    }

    private func listener(
        _ apps: [WorkloadKey: Written], since start: ContinuousClock.Instant
    ) -> RolloutWatch.Listener {
        let progress = progress
        return RolloutWatch.Listener(
            verdict: { key, verdict in
                guard let written = apps[key] else { return }
                let state: AppProgress.State =
                    switch verdict {
                    case .progressing(let rollout): .rollingBack(rollout.reason)
                    case .proven: .rolledBack(seconds: start.duration(to: .now).inSeconds)
                    case .failed(let failure): .failed(AppReport.Failure(failure))
                    }
                progress(.app(written.step(state, pods: AppReport.Pods(verdict.progress))))
            }, note: { progress(.note($0)) })
    }
}

extension Rollback.Written {
    /// The workload holds what this pass wrote, or what was there before: nobody else has deployed to it meanwhile.
    fileprivate func isOurs(_ workload: Workload) -> Bool {
        planned.images.allSatisfy { image in
            let found = (image.isInit ? workload.initContainers : workload.containers).first {
                $0.name == image.container
            }?.image
            return found == image.desired || found?.description == before.images[image.container]
        }
    }

    fileprivate var images: [WorkloadPatch.Image] {
        before.images.sorted { $0.key < $1.key }.map { name, image in
            .init(container: name, isInit: before.initContainers.contains(name), image: ContainerImage(image))
        }
    }

    /// The version that it goes back to.
    fileprivate var version: String? {
        before.images[planned.images.first?.container ?? ""].flatMap { ContainerImage($0).tag }
    }

    fileprivate func patchBefore(_ workload: Workload, strategy: UpdateStrategy?) -> WorkloadPatch {
        WorkloadPatch(
            key: planned.key, uid: workload.uid, resourceVersion: workload.resourceVersion,
            images: images, annotations: before.annotations, strategy: strategy)
    }

    fileprivate func targetBefore(_ environment: Environment, _ workload: Workload) -> RolloutTarget {
        var target = RolloutTarget(planned, workload: workload, environment: environment)
        target.images = before.images.mapValues { ContainerImage($0) }
        target.initContainers = Set(before.initContainers)
        return target
    }

    fileprivate func step(_ state: AppProgress.State, pods: AppReport.Pods? = nil) -> AppProgress {
        AppProgress(
            app: planned.app.name, from: planned.app.version.text, to: version ?? "?", state: state,
            pods: pods)
    }
}

extension AppReport.Failure: Error {}

extension AppReport.Failure {
    fileprivate static func gone(_ key: WorkloadKey) -> Self {
        Self(code: "deleted", message: "\(key) was deleted meanwhile, so there is nothing to take back")
    }

    fileprivate static func superseded(_ key: WorkloadKey, _ namespace: String) -> Self {
        Self(
            code: "superseded", message: "somebody else has deployed to \(key) meanwhile; it is left as it is",
            hint: "See who: kubectl -n \(namespace) get \(key) --show-managed-fields -o yaml")
    }

    fileprivate static func contended(_ key: WorkloadKey) -> Self {
        Self(
            code: "contended", message: "\(key) changed \(WorkloadWriter.attempts) times while it was to be rolled back"
        )
    }
}
