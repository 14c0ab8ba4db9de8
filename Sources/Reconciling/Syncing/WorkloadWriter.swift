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
        /// It is as the descriptor says without this patch: brought there by somebody else meanwhile.
        case unneeded(Workload)
        case failed(AppReport.Failure, ExitStatus)
        /// The answer was lost, and so was the one to the question what became of it: it may be written.
        case uncertain(AppReport.Failure, ExitStatus)
    }

    let cluster: KubernetesClient
    let namespace: String
    let isDryRun: Bool
    /// Plans one app again from what is there now.
    let replan: @Sendable (PlannedApp, Workload?) -> Plan

    /// How often a workload may change under our hands: controllers write its status many times during a rollout.
    static let attempts = 10
    /// How many workloads are written side by side: less than a namespace has places for (``ClientOptions/requestsInFlight``), so that
    /// what is seen of their rollouts does not wait until all are written.
    static let patchesInFlight = 16

    /// - Parameter isCanary: of a StatefulSet, only as far as its canaries, by ``PlannedApp/canaryPartition``.
    /// - Throws: `CancellationError` only: whatever the API server says is in the result, since other patches of the pass may
    ///   be written already.
    func write(_ planned: PlannedApp, isCanary: Bool = false) async throws -> Result {
        do {
            return try await writeOrThrow(planned, isCanary)
        } catch let error as KubernetesError where !isDryRun && [.unreachable, .internal].contains(error.category) {
            return try await ask(planned, isCanary, error)
        } catch let error as KubernetesError {
            return .failed(AppReport.Failure(error), ExitStatus(error))
        }
    }

    /// How long to ask what became of a patch whose answer was lost.
    private static let patience = Duration.seconds(5)

    /// A patch whose answer was lost may have been carried out all the same.
    private func ask(_ planned: PlannedApp, _ isCanary: Bool, _ error: KubernetesError) async throws -> Result {
        let failure = AppReport.Failure(error)
        do {
            let client = cluster.before(.now + Self.patience)
            let current = try await client.workload(planned.key, namespace: namespace)
            guard let current, current.uid == planned.workload.uid, isWritten(planned, isCanary, current) else {
                return .failed(failure, ExitStatus(error))
            }
            return .written(planned, current, rivals: [])
        } catch is KubernetesError {
            return .uncertain(failure, ExitStatus(error))
        }
    }

    /// The workload holds what Descry's own patch for this commit writes.
    private func isWritten(_ planned: PlannedApp, _ isCanary: Bool, _ current: Workload) -> Bool {
        (current.strategy.partition ?? 0) == (isCanary ? planned.canaryPartition ?? 0 : 0)
            && planned.annotations.allSatisfy { current.annotations[$0.key] == $0.value }
            && planned.images.allSatisfy { image in
                (image.isInit ? current.initContainers : current.containers).contains {
                    $0.name == image.container && $0.image == image.desired
                }
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
                if !app.isChanged {
                    // A patch that was sent again after its answer was lost finds its own work.
                    return isWritten(planned, isCanary, app.workload)
                        ? .written(planned, app.workload, rivals: rivals) : .unneeded(app.workload)
                }
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
