import Descriptors
import Kubernetes
import Planning
import Reporting
import Workloads

/// Writes a plan's patches without waiting for what they lead to (`apply --no-wait`), or only asks whether they would be taken
/// (`--dry-run`): layer by layer of what comes after what.
struct PatchRun: Sendable {
    let writer: WorkloadWriter
    let events: EventRecorder
    let commit: SyncReport.Commit
    let progress: @Sendable (ProgressEvent) -> Void

    /// - Throws: `CancellationError`.
    func run(_ apps: [PlannedApp], _ record: inout SyncRecord) async throws {
        for wave in Set(apps.map(\.wave)).sorted() {
            let layer = apps.filter { $0.wave == wave && $0.isChanged }
            let results = try await concurrentMap(layer, limit: WorkloadWriter.patchesInFlight) {
                try await writer.write($0)
            }
            for (planned, result) in zip(layer, results) { take(planned, result, &record) }
        }
    }

    private func take(_ planned: PlannedApp, _ result: WorkloadWriter.Result, _ record: inout SyncRecord) {
        switch result {
        case .written(let planned, _, let rivals):
            record.written(planned, rivals: rivals, extent: writer.isDryRun ? .validate : .patch)
            if !rivals.isEmpty, !writer.isDryRun { events.record(.fieldsTakenOver(planned, rivals)) }
            progress(.app(AppProgress(planned, writer.isDryRun ? .validated : .patched)))
        case .unneeded:
            progress(.app(AppProgress(planned, writer.isDryRun ? .validated : .patched)))
        case .failed(let failure, let status):
            fail(planned, failure, status, &record)
        case .uncertain(let failure, let status):
            record.written(planned, rivals: [], extent: .patch)
            fail(planned, failure, status, &record)
        }
    }

    private func fail(
        _ planned: PlannedApp, _ failure: AppReport.Failure, _ status: ExitStatus, _ record: inout SyncRecord
    ) {
        record.failed(planned.app.name, failure, status)
        progress(.app(AppProgress(planned, .failed(failure))))
        if !writer.isDryRun { events.record(.failed(planned, commit: commit, failure)) }
    }
}

extension AppProgress {
    init(_ planned: PlannedApp, _ state: State, pods: AppReport.Pods? = nil) {
        self.init(
            app: planned.app.name, from: planned.previousVersion, to: planned.app.version.text, state: state, pods: pods
        )
    }
}

extension PlannedApp {
    /// Nothing but what somebody else changed since the version was deployed. A partition may also be that of a canary which was
    /// not watched to its end.
    var isOnlyDrift: Bool {
        isChanged && canaryPartition == nil
            && changes.allSatisfy { [.driftedImage, .strategy, .partition].contains($0.reason) }
    }
}
