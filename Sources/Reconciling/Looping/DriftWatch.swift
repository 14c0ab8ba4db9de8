import Descriptors
import Kubernetes
import Planning
import Synchronization
import Workloads

/// Watches an environment's namespace, one watch for each kind that its descriptor names, and wakes the loop when what it
/// finds there differs from what the last pass left, and differs in another way than it did.
final class DriftWatch: Sendable {
    private struct State {
        var board: DriftBoard
        var kinds: Set<WorkloadKind> = []
        var tasks: [WorkloadKind: Task<Void, Never>] = [:]
        /// Those that could not be watched when that was tried last.
        var unseen: Set<WorkloadKind> = []
        /// The findings are of a pass that ended, and are to be told.
        var isExpecting = false
        var told: [String: DriftBoard.Finding] = [:]
        var toldBlocked: Set<String> = []
    }

    private let cluster: KubernetesClient
    private let namespace: String
    private let state: Mutex<State>
    private let changed: @Sendable () -> Void
    private let blinded: @Sendable (KubernetesError) -> Void
    private let sighted: @Sendable () -> Void

    /// - Parameters:
    ///   - changed: the findings are others than before.
    ///   - blinded: the namespace cannot be watched, and trying again soon does not help. It is tried again after each pass.
    ///   - sighted: it can be watched again.
    init(
        cluster: KubernetesClient, environment: Environment, changed: @escaping @Sendable () -> Void,
        blinded: @escaping @Sendable (KubernetesError) -> Void, sighted: @escaping @Sendable () -> Void
    ) {
        self.cluster = cluster
        namespace = environment.namespace
        state = Mutex(State(board: DriftBoard(rules: PlanningRules(environment))))
        self.changed = changed
        self.blinded = blinded
        self.sighted = sighted
    }

    /// What differs now, by app.
    var findings: [String: DriftBoard.Finding] { state.withLock { $0.isExpecting ? $0.board.findings : [:] } }

    /// What the refused commit could not be planned for is there now, as far as can be seen.
    var isUnblocked: Bool { state.withLock { $0.isExpecting && $0.board.isUnblocked } }

    /// A pass begins: what is seen meanwhile is its own doing.
    func pause() { state.withLock { $0.isExpecting = false } }

    /// A pass has ended, and left what its plan says. As ``DriftBoard/expect(_:written:refused:)``.
    func expect(_ plan: Plan?, written: Set<String>, refused: [App] = []) {
        state.withLock { state in
            state.board.expect(plan, written: written, refused: refused)
            state.isExpecting = true
            state.told = [:]
            state.toldBlocked = state.board.blocked
            observe(Set(((plan?.apps ?? []).map(\.key) + refused.map(\.key)).map(\.kind)), &state)
        }
        tellChanges()
    }

    /// Ends all watches, and waits until their requests have ended.
    func stop() async {
        let tasks = state.withLock { state in
            defer { state.tasks = [:] }
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    private func observe(_ kinds: Set<WorkloadKind>, _ state: inout State) {
        for kind in Set(state.tasks.keys).subtracting(kinds) { state.tasks.removeValue(forKey: kind)?.cancel() }
        state.unseen.formIntersection(kinds)
        state.board.observe(only: kinds)
        for kind in kinds where state.tasks[kind] == nil {
            state.tasks[kind] = Task { [weak self, cluster, namespace] in
                do {
                    for try await observation in cluster.observe(kind, namespace: namespace) {
                        self?.take(observation, kind)
                    }
                } catch let error as KubernetesError {
                    self?.lost(kind, error)
                } catch {
                    return  // cancelled
                }
            }
        }
    }

    private func lost(_ kind: WorkloadKind, _ error: KubernetesError) {
        let isLost = state.withLock { state in
            guard !Task.isCancelled else { return false }  // another task may have taken its place
            state.tasks[kind] = nil
            state.unseen.insert(kind)
            return true
        }
        if isLost { blinded(error) }
    }

    private func take(_ observation: Observation<Workload>, _ kind: WorkloadKind) {
        let isSightedAgain = state.withLock { state in
            var isSightedAgain = false
            switch observation {
            case .snapshot(let all):
                state.board.replace(kind, with: all)
                isSightedAgain = state.unseen.remove(kind) != nil && state.unseen.isEmpty
            case .changed(let workload): state.board.update(workload)
            case .deleted(let workload): state.board.remove(workload.key)
            case .interrupted: break
            }
            return isSightedAgain
        }
        if isSightedAgain { sighted() }
        tellChanges()
    }

    /// Wakes nobody for a finding that was told.
    private func tellChanges() {
        let isNews = state.withLock { state in
            guard state.isExpecting,
                state.told != state.board.findings || state.toldBlocked != state.board.blocked
            else { return false }
            state.told = state.board.findings
            state.toldBlocked = state.board.blocked
            return true
        }
        if isNews { changed() }
    }
}
