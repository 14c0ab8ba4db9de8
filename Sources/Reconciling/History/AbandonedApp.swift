import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// An app that a deployment had set out to change which did not come to its end, and that the descriptor no longer names.
///
/// Nobody asks for what was begun there, and it was never proven: so it goes back to what it was before, as if that deployment had
/// not been. Only where all of that deployment runs, and well, it counts as ended and stays.
struct AbandonedApp: Sendable {
    /// As that deployment's entry has it.
    let entry: Deployment.App
    private let workload: Workload?
    private let leftoverCanary: Workload?
    private let environment: String

    /// Reads what has become of those that the plan does not name.
    ///
    /// - Throws: `KubernetesError`.
    static func all(
        of deployment: Deployment, besides plan: Plan, _ environment: String, _ reader: WorkloadReader
    ) async throws -> [AbandonedApp] {
        let named = Set(plan.apps.map(\.key.description))
        let apps = deployment.apps.filter { !named.contains($0.workload) }
        guard !apps.isEmpty else { return [] }
        let keys = apps.compactMap(\.key)
        let found = try await reader.read(keys + keys.filter { $0.kind == .deployment }.map(\.canary)).workloads
        return apps.map { app in
            let workload = app.key.flatMap { found[$0] }.flatMap { $0.uid == app.uid && !$0.isBeingDeleted ? $0 : nil }
            let canary = app.key.flatMap { $0.kind == .deployment ? found[$0.canary] : nil }
            let isOwn =
                canary?.annotations[WorkloadAnnotation.canaryOf] == app.key?.name
                && canary?.annotations[WorkloadAnnotation.environment] == environment
            return AbandonedApp(
                entry: app, workload: workload, leftoverCanary: isOwn ? canary : nil, environment: environment)
        }
    }

    /// It runs what that deployment wanted, and well; or it is gone.
    var isComplete: Bool {
        guard let workload else { return true }
        return leftoverCanary == nil && isWritten(workload) && workload.isSettled
    }

    /// Something of it is not as it was before that deployment.
    var isTouched: Bool {
        guard let workload else { return false }
        let strategy = UpdateStrategy(type: entry.before.strategy, partition: entry.before.partition)
        let isStrategyKept =
            workload.strategy.type == strategy.type && (workload.strategy.partition ?? 0) == (strategy.partition ?? 0)
        let isAsBefore = isBefore(workload) && workload.annotations[WorkloadAnnotation.version] != entry.to
        return leftoverCanary != nil || !isAsBefore || !workload.isSettled
            || (workload.key.kind != .deployment && !isStrategyKept)
    }

    /// Nil where somebody else has deployed to it since, whose it is then.
    var planned: PlannedApp? {
        guard let workload, let version, isBefore(workload) || isWritten(workload) else { return nil }
        let app = App(
            formerly: workload.key.name, version: version, kind: workload.key.kind,
            containers: entry.before.images.keys.sorted())
        return PlannedApp(takingBack: app, workload, leftoverCanary: leftoverCanary)
    }

    /// Nil where a later Descry has written the entry, whose versions look otherwise.
    private var version: AppVersion? {
        do { return try AppVersion(entry.to) } catch { return nil }
    }

    private func isBefore(_ workload: Workload) -> Bool {
        entry.before.images.allSatisfy { image(of: $0.key, in: workload)?.description == $0.value }
    }

    private func isWritten(_ workload: Workload) -> Bool {
        workload.annotations[WorkloadAnnotation.version] == entry.to
            && workload.annotations[WorkloadAnnotation.environment] == environment
            && entry.before.images.keys.allSatisfy { image(of: $0, in: workload)?.tag == entry.to }
    }

    private func image(of container: String, in workload: Workload) -> ContainerImage? {
        (workload.containers + workload.initContainers).first { $0.name == container }?.image
    }
}

extension Deployment.App {
    /// Of ``workload``.
    var key: WorkloadKey? {
        let parts = workload.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let kind = WorkloadKind.allCases.first(where: { $0.rawValue.lowercased() == parts[0] })
        else { return nil }
        return WorkloadKey(kind: kind, name: String(parts[1]))
    }

    /// To be gone on with by another deployment.
    var unfinished: Deployment.App {
        var app = self
        (app.outcome, app.failureCode, app.failure) = (nil, nil, nil)
        return app
    }
}

extension Workload {
    /// Its last rollout has ended well, by its own status alone.
    var isSettled: Bool {
        let target = RolloutTarget(key: key, uid: uid, generation: generation, images: [:], timeout: .zero)
        var judge = RolloutJudge(target: target, startedAt: .now)
        if case .proven = judge.judge(workload: self, pods: nil, at: .now) { return true }
        return false
    }
}
