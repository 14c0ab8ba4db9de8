import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

extension Deployment {
    /// The apps whose version failed by itself and would be tried again by the plan. What failed by an API server that was away, say,
    /// may be tried again.
    func quarantined(_ plan: Plan, descriptor: String) -> [App] {
        guard self.descriptor == descriptor, outcome == .failed || outcome == .rolledBack else { return [] }
        return apps.filter { app in
            app.outcome == .failed
                && RolloutFailure.Code(rawValue: app.failureCode ?? "")?.speaksAgainstVersion == true
                && plan.changed.contains { $0.app.name == app.app && $0.app.version.text == app.to }
        }
    }
}

extension Deployment {
    /// It has not ended by itself, but all of it runs, and well: a pass since has found nothing left to do, so it is nothing to
    /// take back.
    func isComplete(_ plan: Plan) -> Bool {
        let planned = Dictionary(plan.apps.map { ($0.key.description, $0) }, uniquingKeysWith: { first, _ in first })
        return apps.allSatisfy { app in
            guard let now = planned[app.workload], now.workload.uid == app.uid else { return true }
            return now.previousVersion == app.to && !now.isUnsettled
        }
    }
}

extension Deployment {
    /// All of its workloads are still there, and in the descriptor.
    func isWhole(in plan: Plan) -> Bool {
        let planned = Dictionary(
            plan.apps.map { ($0.key.description, $0.workload.uid) }, uniquingKeysWith: { first, _ in first })
        return apps.allSatisfy { planned[$0.workload] == $0.uid }
    }
}

extension Deployment.App {
    init(_ planned: PlannedApp, before: Deployment.Before) {
        self.init(
            app: planned.app.name, workload: planned.key.description, uid: planned.workload.uid,
            from: planned.previousVersion, to: planned.app.version.text, before: before)
    }
}

extension Deployment.Before {
    /// As observed before the patch.
    init(_ planned: PlannedApp) {
        let workload = planned.workload
        self.init(
            images: Dictionary(
                planned.images.map { ($0.container, $0.current.description) }, uniquingKeysWith: { first, _ in first }),
            initContainers: planned.images.filter(\.isInit).map(\.container),
            annotations: workload.annotations.filter { planned.annotations[$0.key] != nil },
            strategy: workload.strategy.type, partition: workload.strategy.partition)
    }
}

extension [Deployment.App] {
    /// What an earlier pass that was killed set out from, for those workloads that are still the same objects.
    func before(_ planned: PlannedApp) -> Deployment.Before? {
        first { $0.workload == planned.key.description && $0.uid == planned.workload.uid }?.before
    }
}
