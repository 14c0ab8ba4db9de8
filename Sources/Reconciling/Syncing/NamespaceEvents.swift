import Kubernetes
import Rollouts
import Synchronization
import Workloads

/// What the namespace tells while rollouts are waited for.
enum NamespaceEvent: Sendable {
    case workloads(WorkloadKind, Observation<Workload>)
    case workloadGone(WorkloadKey)
    case pods(Observation<PodState>)
    /// The token may not read pods: only the workloads' own status is there to judge by.
    case podsUnreadable
    /// A person should know; said once.
    case note(String)
    /// The namespace cannot be observed any more: revoked rights, say.
    case lost(KubernetesError)
    /// A moment that a rollout wanted to be judged at has come.
    case alarm
}

/// Feeds one stream of events from one watch a workload kind and one pod watch. Where the token may not list or watch,
/// as with a Role that names its workloads, it reads the unfinished workloads by name instead.
struct NamespaceEventSource: Sendable {
    let cluster: KubernetesClient
    let namespace: String
    let unfinished: UnfinishedRollouts
    let clock: any Clock<Duration>
    let tell: @Sendable (NamespaceEvent) -> Void

    /// Often enough that a rollout's end is seen about a second late, seldom enough for 50 apps to cost 50 requests a second.
    private static let pollInterval = Duration.seconds(1)

    /// - Parameter list: read a moment ago; nil: it is read.
    func observeWorkloads(_ kind: WorkloadKind, after list: ResourceList<Workload>?) async {
        await reporting {
            do {
                for try await observation in cluster.observe(kind, namespace: namespace, after: list) {
                    tell(.workloads(kind, observation))
                }
            } catch let error as KubernetesError where error.status == 403 {
                tell(.note("the token may not watch \(kind.resource): reading each by name, every second"))
                try await poll(kind)
            }
        }
    }

    func pollWorkloads(_ kind: WorkloadKind) async {
        await reporting { try await poll(kind) }
    }

    func observePods() async {
        await reporting {
            do {
                for try await observation in cluster.observePods(namespace: namespace) {
                    tell(.pods(observation))
                }
            } catch let error as KubernetesError where error.status == 403 {
                tell(.podsUnreadable)
                tell(
                    .note("the token may not list and watch pods: failing pods are only noticed by the timeout"))
            }
        }
    }

    private func poll(_ kind: WorkloadKind) async throws {
        while !Task.isCancelled {
            for key in unfinished.keys where key.kind == kind {
                do {
                    if let workload = try await cluster.workload(key, namespace: namespace) {
                        tell(.workloads(kind, .changed(workload)))
                    } else {
                        tell(.workloadGone(key))
                    }
                } catch let error as KubernetesError where error.category == .unreachable {
                    tell(.workloads(kind, .interrupted(error)))
                    break
                }
            }
            try await clock.sleep(for: Self.pollInterval)
        }
    }

    private func reporting(_ observe: () async throws -> Void) async {
        do {
            try await observe()
        } catch is CancellationError {
            return
        } catch let error as KubernetesError {
            tell(.lost(error))
        } catch {
            tell(
                .lost(KubernetesError(code: "watch-failed", category: .internal, message: String(describing: error))))
        }
    }
}

/// The rollouts that are still waited for, as the poller reads them by name.
final class UnfinishedRollouts: Sendable {
    private let state = Mutex<[WorkloadKey]>([])

    var keys: [WorkloadKey] {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
