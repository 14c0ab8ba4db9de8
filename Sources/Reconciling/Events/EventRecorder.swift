import FoundationEssentials
import Kubernetes
import Synchronization

/// Posts what a pass tells about its workloads, beside the pass: it neither holds it up nor lets it fail.
///
/// Events are a courtesy. Each is tried once; what cannot be posted in time is counted and forgotten. Where the token may not
/// create events the first refusal is the last request.
///
/// ``flush(within:)`` must be awaited before the client is closed, however the pass ends.
final class EventRecorder: Sendable {
    static let requestsInFlight = 8
    /// More than a pass over 500 apps tells. What is recorded beyond is lost.
    static let queueLimit = 2000

    private struct State {
        var queue: ArraySlice<KubernetesEvent> = []
        var posters: [Int: Task<Void, Never>] = [:]
        var startedPosters = 0
        var recorded = 0
        var lost = 0
        /// Why the last one was lost.
        var reason = ""
        /// In the API server's words.
        var denial: String?
        var hasToldDenial = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// Whoever flushes is to end.
        var isInterrupted = false

        mutating func lose(_ count: Int, _ why: String) {
            guard count > 0, denial == nil else { return }
            lost += count
            reason = why
        }
    }

    private let cluster: KubernetesClient
    private let environment: String
    private let namespace: String
    private let state = Mutex(State())

    init(cluster: KubernetesClient, environment: Environment, requestTimeout: Duration = .seconds(2)) {
        self.cluster = cluster.unhurried.within(requestTimeout)
        self.environment = environment.name
        namespace = environment.namespace
    }

    /// Returns at once; the event is posted beside the caller, even where the caller's task is cancelled.
    func record(_ event: WorkloadEvent) {
        state.withLock { state in
            guard state.denial == nil else { return }
            state.recorded += 1
            guard state.queue.count < Self.queueLimit else { return state.lose(1, "too many at once") }
            state.queue.append(KubernetesEvent(event, at: Date()))
            guard state.posters.count < Self.requestsInFlight else { return }
            let number = state.startedPosters
            state.startedPosters += 1
            state.posters[number] = Task { await post(as: number) }
        }
    }

    /// However many requests wait at the API server, a flush takes no longer than so many times what it was given.
    private static let extensions = 10

    /// Waits until every recorded event is posted or lost, and no request is under way. What is not posted by then is lost. A
    /// cancelled task waits all the same.
    ///
    /// - Parameter whileBusy: it is given longer while requests wait for their turn, since many passes are under way; a cancelled task
    ///   is not.
    /// - Returns: what a person should know, where there is anything that was not said before.
    func flush(within duration: Duration, whileBusy: Bool = false) async -> String? {
        let timer = Task {
            for _ in 0..<(whileBusy ? Self.extensions : 1) {
                do { try await Task.sleep(for: duration) } catch { return }  // all were posted before
                if cluster.requestsWaiting == 0 || state.withLock({ $0.isInterrupted }) { break }
            }
            abandon()
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isIdle = state.withLock { state in
                    if !state.posters.isEmpty { state.waiters.append(continuation) }
                    return state.posters.isEmpty
                }
                if isIdle { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.isInterrupted = true }
        }
        timer.cancel()
        await timer.value  // so that it cannot abandon what is recorded after this
        return note()
    }

    private func abandon() {
        let posters = state.withLock { state in
            state.lose(state.queue.count, "no time was left")
            state.queue = []
            return Array(state.posters.values)
        }
        for poster in posters { poster.cancel() }
    }

    private func note() -> String? {
        state.withLock { state in
            if let denial = state.denial {
                defer { state.hasToldDenial = true }
                return state.hasToldDenial
                    ? nil
                    : "no events are posted on the workloads: \(denial) (descry rbac \(environment) prints the rule)"
            }
            guard state.lost > 0 else { return nil }
            defer { (state.recorded, state.lost) = (0, 0) }
            return "\(state.lost) of \(state.recorded) events on the workloads were not posted: \(state.reason)"
        }
    }

    private func post(as number: Int) async {
        while let event = next(for: number) {
            do {
                try await cluster.post(event, namespace: namespace)
            } catch let error as KubernetesError where error.code == "forbidden" && error.category == .denied {
                state.withLock { state in
                    state.denial = error.message
                    state.queue = []
                }
            } catch let error as KubernetesError {
                state.withLock { $0.lose(1, error.message) }
            } catch is CancellationError {
                state.withLock { $0.lose(1, "no time was left") }
            } catch {
                state.withLock { $0.lose(1, "\(type(of: error))") }
            }
        }
    }

    /// - Returns: nil where the poster is to end.
    private func next(for number: Int) -> KubernetesEvent? {
        let (event, waiters) = state.withLock { state -> (KubernetesEvent?, [CheckedContinuation<Void, Never>]) in
            if let event = state.queue.popFirst() { return (event, []) }
            state.posters[number] = nil
            guard state.posters.isEmpty else { return (nil, []) }
            defer { state.waiters = [] }
            return (nil, state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return event
    }
}
