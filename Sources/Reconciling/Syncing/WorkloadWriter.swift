import Kubernetes
import Planning
import Reporting
import Workloads

/// Writes planned changes to the cluster by server-side apply, and settles what can be settled at once: a workload that
/// changed since it was observed is planned again, and a field that another manager owns is taken over, which is told.
///
/// What is only drift, and to be left so (`drift: report`), never gets here.
struct WorkloadWriter: Sendable {
    enum Result: Sendable {
        /// - Parameters:
        ///   - planned: as it was carried out, which may have been planned anew.
        ///   - rivals: what other managers had set and Descry took over.
        case written(PlannedApp, Workload, rivals: [String])
        /// Somebody else has brought it to what the descriptor says meanwhile.
        case unneeded(Workload)
        case failed(AppReport.Failure, ExitStatus)
    }

    let cluster: KubernetesClient
    let namespace: String
    let isDryRun: Bool
    /// Plans one app again from what is there now.
    let replan: @Sendable (PlannedApp, Workload?) -> Plan

    /// How often a workload may change under our hands: controllers write its status many times during a rollout.
    static let attempts = 10
    /// How many workloads are written side by side.
    static let patchesInFlight = 32

    /// - Parameter isCanary: of a StatefulSet, only as far as its canaries, by ``PlannedApp/canaryPartition``.
    /// - Throws: `CancellationError` only: whatever the API server says is in the result, since other patches of the wave may
    ///   be written already.
    func write(_ planned: PlannedApp, isCanary: Bool = false) async throws -> Result {
        do {
            return try await writeOrThrow(planned, isCanary)
        } catch let error as KubernetesError {
            return .failed(AppReport.Failure(error), ExitStatus(error))
        }
    }

    private func writeOrThrow(_ first: PlannedApp, _ isCanary: Bool) async throws -> Result {
        var planned = first
        var rivals: [String] = []
        var force = false
        for _ in 0..<Self.attempts {
            do {
                let partition = isCanary ? planned.canaryPartition ?? 0 : 0
                let workload = try await cluster.apply(
                    WorkloadPatch(planned, partition: partition), namespace: namespace, force: force, dryRun: isDryRun)
                return .written(planned, workload, rivals: rivals)
            } catch let error as KubernetesError where error.code == "field-conflict" && !force {
                let fields = error.fieldConflicts.map(\.field).joined(separator: ", ")
                rivals = [
                    "\(isDryRun ? "would take" : "took") over \(fields) from \(error.fieldManagers.joined(separator: ", "))"
                ]
                force = true
            } catch let error as KubernetesError where error.category == .conflict && error.code != "field-conflict" {
                let current = try await cluster.workload(planned.key, namespace: namespace)
                let again = replan(planned, current)
                if let problem = again.problems.first {
                    return .failed(AppReport.Failure(problem), ExitStatus(problem))
                }
                guard let app = again.apps.first else { throw error }
                if !app.isChanged { return .unneeded(app.workload) }
                planned = app
            }
        }
        return .failed(
            AppReport.Failure(
                code: "contended",
                message: "\(planned.key) changed \(Self.attempts) times while it was to be patched",
                hint: "See who else writes it: kubectl -n \(namespace) get \(planned.key) --show-managed-fields -o yaml"
            ),
            .rolloutFailed)
    }
}
