import Descriptors
import Documents
import Kubernetes
import Reporting

/// Asks the pods of a workload for their health, again and again, through the API server.
struct HealthProbe: Sendable {
    /// How often each pod is asked.
    static let interval = Duration.seconds(1)
    /// Questions under way at the same time.
    static let questionsInFlight = 32
    /// How long it may take beyond the time that the pods must answer well, where the caller says nothing else.
    static let limit = Duration.seconds(600)

    private let namespace: String
    private let clock: any Clock<Duration>
    private let ask: @Sendable (HealthCheck, _ pod: String) async throws -> HealthReply

    init(cluster: KubernetesClient, namespace: String, clock: any Clock<Duration>) {
        let question = HealthQuestion(cluster: cluster, namespace: namespace)
        self.init(namespace: namespace, clock: clock) { try await question.reply(to: $0, from: $1) }
    }

    init(
        namespace: String, clock: any Clock<Duration>,
        asking ask: @escaping @Sendable (HealthCheck, _ pod: String) async throws -> HealthReply
    ) {
        self.namespace = namespace
        self.clock = clock
        self.ask = ask
    }

    /// Asks until all pods have answered well at the same time for as long as is asked for, or one of them will not.
    ///
    /// Each pod is asked every second. Three bad answers in a row of one pod are a failure, `unhealthy`. A pod that is gone is
    /// asked again under its name, since a StatefulSet makes it anew, and is let go after three times while others remain.
    ///
    /// - Parameters:
    ///   - pods: their names; without any there is nothing to fail.
    ///   - during: for how long they must answer well without a break; zero for once.
    ///   - limit: how long it may take beyond `during`.
    /// - Returns: nil where they are well.
    /// - Throws: `CancellationError` only.
    func failure(
        of check: HealthCheck, pods: [String], during: Duration, within limit: Duration = limit
    ) async throws -> AppReport.Failure? {
        let judge = HealthJudge(check.question, pods: pods, during: during, within: during + limit)
        guard var failure = try await run(check, pods, judge, clock) else { return nil }
        if let pod = failure.pod, failure.hint == nil {
            let path =
                "/api/v1/namespaces/\(namespace)/pods/\(pod)\(check.port.map { ":\($0)" } ?? "")/proxy\(check.path)"
            failure.hint = "Ask it yourself: kubectl get --raw '\(path)'"
        }
        return failure
    }

    /// The pods go round: whoever was asked longest ago is asked next, so that one which is slow to answer keeps no other
    /// one waiting as long as a place is free.
    private func run<C: Clock>(
        _ check: HealthCheck, _ pods: [String], _ judge: HealthJudge, _ clock: C
    ) async throws -> AppReport.Failure? where C.Duration == Duration {
        var judge = judge
        let start = clock.now
        return try await withThrowingTaskGroup(of: (pod: String, askedAt: C.Instant, reply: HealthReply).self) {
            group in
            defer { group.cancelAll() }
            var waiting = pods.map { (pod: $0, due: start) }[...]
            func askNext() {
                guard let (pod, due) = waiting.popFirst() else { return }
                group.addTask {
                    if due > clock.now { try await clock.sleep(until: due, tolerance: nil) }
                    let askedAt = clock.now
                    return (pod, askedAt, try await self.ask(check, pod))
                }
            }
            for _ in 0..<Self.questionsInFlight { askNext() }
            while let (pod, askedAt, reply) = try await group.next() {
                switch judge.heard(reply, from: pod, at: start.duration(to: clock.now)) {
                case .goOn: waiting.append((pod, askedAt.advanced(by: Self.interval)))
                case .dropped: break
                case .passed: return nil
                case .failed(let failure): return failure
                }
                askNext()
            }
            return nil
        }
    }
}

extension HealthCheck {
    /// `GET :8080/health`
    var question: String { "GET \(port.map { ":\($0)" } ?? "")\(TerminalText.escaped(path))" }
}
