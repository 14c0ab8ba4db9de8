import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Carries out a plan wave by wave: writes the patches of a wave, at most 32 at once, then waits until its rollouts are
/// proven before the next wave starts.
struct WaveRollout: Sendable {
    let environment: Environment
    let cluster: KubernetesClient
    let extent: Sync.Extent
    /// The kinds that the token may not list: their workloads are read by name.
    let unlistable: Set<WorkloadKind>
    /// What a pass that was killed had set out to change: a failure takes that back too.
    let interrupted: [Deployment.App]
    /// Plans one app again from what is there now.
    let replan: @Sendable (PlannedApp, Workload?) -> Plan
    let progress: @Sendable (ProgressEvent) -> Void

    /// - Throws: `KubernetesError` only where nothing was written yet; `CancellationError`.
    func carryOut(_ plan: Plan, _ record: inout SyncRecord) async throws {
        let waves = plan.waves.map { wave in
            wave.filter { !isLeftAlone($0) }
        }.filter { !$0.isEmpty }
        guard extent != .plan, !waves.isEmpty else { return }
        progress(.planned(waves.joined().map { AppProgress($0, .waiting) }))
        guard extent == .prove else {
            for wave in waves { _ = try await write(wave, &record) }
            return
        }
        let kinds = Set(waves.joined().map(\.key.kind))
        let replacer = StuckPodReplacer(
            cluster: cluster, environment: environment.name, namespace: environment.namespace)
        record = try await RolloutWatch.run(
            replacer, kinds: kinds, unlistable: unlistable, clock: ContinuousClock()
        ) { [record] watch in
            var record = record
            let written = try await prove(waves, &watch, &record)
            if !record.failedApps.isEmpty, environment.rollout.onFailure == .rollback, !written.isEmpty {
                try await Rollback(environment: environment, cluster: cluster, progress: progress)
                    .carryOut(written, &watch, &record)
            }
            record.replaced(watch.replaced)
            for note in watch.notes { record.note(note) }
            return record
        }
    }

    /// With `drift: report` what somebody else changed is only told, and a new version still deployed.
    private func isLeftAlone(_ planned: PlannedApp) -> Bool {
        environment.drift == .report && planned.isOnlyDrift
    }

    /// - Returns: what was written, whatever became of it.
    private func prove(
        _ waves: [[PlannedApp]], _ watch: inout RolloutWatch, _ record: inout SyncRecord
    ) async throws -> [Rollback.Written] {
        var failed: Set<String> = []
        var written: [Rollback.Written] = []
        for wave in waves {
            let ready = wave.filter { failed.isDisjoint(with: $0.app.after) }
            for planned in wave where !failed.isDisjoint(with: planned.app.after) {
                record.notStarted(planned)
                failed.insert(planned.app.name)
            }
            let started = try await write(ready, &record)
            written += started.compactMap { rollout in
                let before = interrupted.before(rollout.planned)
                guard rollout.isWritten || before != nil else { return nil }
                return Rollback.Written(
                    planned: rollout.planned, before: before ?? Deployment.Before(rollout.planned),
                    workload: rollout.workload)
            }
            let clock = ContinuousClock.now
            let verdicts: [WorkloadKey: (verdict: Verdict, at: ContinuousClock.Instant)]
            do {
                verdicts = try await watch.prove(
                    started.map { ($0.target, $0.workload) }, listener(for: started, since: clock))
            } catch let error as KubernetesError {
                for rollout in started { record.lost(rollout.planned, error) }
                verdicts = [:]
            }
            for rollout in started {
                guard let (verdict, moment) = verdicts[rollout.planned.key] else { continue }
                record.judged(
                    rollout.planned, verdict, running: watch.running(rollout.target),
                    seconds: clock.duration(to: moment).inSeconds)
            }
            failed.formUnion(record.failedApps)
            if !failed.isEmpty && environment.rollout.onFailure != .continue { break }
        }
        record.finishNotStarted()
        return written
    }

    private struct Rollout: Sendable {
        var planned: PlannedApp
        var target: RolloutTarget
        var workload: Workload
        var isWritten: Bool
    }

    private func write(_ wave: [PlannedApp], _ record: inout SyncRecord) async throws -> [Rollout] {
        let writer = WorkloadWriter(
            cluster: cluster, namespace: environment.namespace,
            isDryRun: extent == .validate, replan: replan)
        let results = try await concurrentMap(wave, limit: WorkloadWriter.patchesInFlight) { planned in
            planned.isChanged ? try await writer.write(planned) : .unneeded(planned.workload)
        }
        var started: [Rollout] = []
        for (planned, result) in zip(wave, results) {
            switch result {
            case .written(let planned, let workload, let rivals):
                record.written(planned, rivals: rivals, extent: extent)
                started.append(rollout(planned, workload, isWritten: true))
            case .unneeded(let workload):
                started.append(rollout(planned, workload, isWritten: false))
            case .failed(let failure, let status):
                record.failed(planned.app.name, failure, status)
                progress(.app(AppProgress(planned, .failed(failure))))
                continue
            }
            switch extent {
            case .plan, .prove: break
            case .patch: progress(.app(AppProgress(planned, .patched)))
            case .validate: progress(.app(AppProgress(planned, .validated)))
            }
        }
        return started
    }

    private func rollout(_ planned: PlannedApp, _ workload: Workload, isWritten: Bool) -> Rollout {
        Rollout(
            planned: planned,
            target: RolloutTarget(planned, workload: workload, environment: environment), workload: workload,
            isWritten: isWritten)
    }

    private func listener(for started: [Rollout], since start: ContinuousClock.Instant) -> RolloutWatch.Listener {
        let planned = Dictionary(started.map { ($0.planned.key, $0.planned) }, uniquingKeysWith: { first, _ in first })
        let progress = progress
        return RolloutWatch.Listener(
            verdict: { key, verdict in
                guard let app = planned[key] else { return }
                let state: AppProgress.State =
                    switch verdict {
                    case .progressing(let rollout): .rolling(rollout.reason)
                    case .proven: .proven(seconds: start.duration(to: .now).inSeconds)
                    case .failed(let failure): .failed(AppReport.Failure(failure))
                    }
                progress(.app(AppProgress(app, state, pods: AppReport.Pods(verdict.progress))))
            }, note: { progress(.note($0)) })
    }
}

extension AppProgress {
    init(_ planned: PlannedApp, _ state: State, pods: AppReport.Pods? = nil) {
        self.init(
            app: planned.app.name, from: planned.previousVersion, to: planned.app.version.text, state: state, pods: pods
        )
    }
}

extension RolloutProgress {
    /// What is missing, where that is more than the numbers of pods.
    var reason: String? {
        waitingFor.isEmpty || waitingFor.first?.isNumber == true ? nil : waitingFor
    }
}

extension PlannedApp {
    /// Nothing but what somebody else changed since the version was deployed.
    var isOnlyDrift: Bool {
        isChanged && changes.allSatisfy { [.driftedImage, .strategy, .partition].contains($0.reason) }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
