import Descriptors
import Kubernetes
import Planning
import Reporting
import Workloads

extension Deployment {
    /// The apps whose version failed by itself and would be tried again by the plan. What failed by an API server that was away, say,
    /// may be tried again.
    func quarantined(_ plan: Plan, descriptor: String) -> [App] {
        guard self.descriptor == descriptor else { return [] }
        let wanted = Dictionary(
            plan.changed.map { ($0.app.name, $0.app.version.text) }, uniquingKeysWith: { first, _ in first })
        return apps.filter { speaksAgainst($0) && wanted[$0.app] == $0.to }
    }
}

extension Deployment {
    /// The apps that run what this deployment wanted, although it ended without their being proven good: their health, or the
    /// check of the whole, was not as it should be, or was not asked for. They are proven anew.
    func unchecked(_ plan: Plan) -> [App] {
        guard outcome == .failed || outcome == .patched else { return [] }
        let planned = Dictionary(plan.apps.map { ($0.key.description, $0) }, uniquingKeysWith: { first, _ in first })
        return apps.filter { app in
            guard app.outcome != .proven || verification?.outcome == .failed else { return false }
            guard let now = planned[app.workload], now.workload.uid == app.uid else { return false }
            return now.previousVersion == app.to
        }
    }

    /// It has not ended by itself, but all of it runs, and well: a pass since has found nothing left to do, so it is nothing to
    /// take back.
    func isComplete(_ plan: Plan) -> Bool {
        let planned = Dictionary(plan.apps.map { ($0.key.description, $0) }, uniquingKeysWith: { first, _ in first })
        return apps.allSatisfy { app in
            guard let now = planned[app.workload], now.workload.uid == app.uid else { return true }
            return now.previousVersion == app.to && !now.isUnsettled && now.app.health == nil
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

/// What an earlier pass that did not come to its end had set out to change.
struct EarlierApps: Sendable {
    private let apps: [String: Deployment.App]

    init(_ apps: [Deployment.App] = []) {
        self.apps = Dictionary(apps.map { ($0.workload, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What that pass set out from, where the workload is still the same object.
    func before(_ planned: PlannedApp) -> Deployment.Before? {
        guard let app = apps[planned.key.description], app.uid == planned.workload.uid else { return nil }
        return app.before
    }
}
