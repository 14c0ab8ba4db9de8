import Kubernetes
import Reporting
import Rollouts

/// What one question to a pod about its health brought.
enum HealthReply: Sendable {
    case good
    /// On one line, as a sentence that goes on from the question: `answered 503`.
    case bad(String)
    /// A pod that has not been ready yet does not answer well: made anew since, it is still starting.
    case starting(String)
    /// There is no such pod, or it is being deleted.
    case gone
    /// The API server could not be asked.
    case unheard(KubernetesError)
    /// The API server will not be asked.
    case refused(KubernetesError)
}

/// Judges the answers of all pods of a workload. Pure; moments are counted from its start.
struct HealthJudge: Sendable {
    enum Verdict: Sendable, Equatable {
        case goOn
        /// This pod need not be asked any more: it is gone, and others remain.
        case dropped
        case passed
        case failed(AppReport.Failure)
    }

    /// So many bad answers in a row are one too many. The same for a pod that is gone.
    static let tries = 3
    /// How long the API server, or the last pod there is, may be away. As long as any request is tried again.
    static let patience = Duration.seconds(60)

    private struct Pod {
        var goodSince: Duration?
        var badInARow = 0
        var goneInARow = 0
        /// When it last said something, or could have.
        var heardAt = Duration.zero
    }

    private let check: String
    private let duration: Duration
    private let limit: Duration
    private var pods: [String: Pod]
    private var lastProblem: (pod: String, text: String)?

    /// - Parameters:
    ///   - check: what is asked, as the beginning of a sentence: `GET :8080/health`.
    ///   - duration: for how long all must answer well without a break.
    ///   - limit: for all of it.
    init(_ check: String, pods: [String], during duration: Duration, within limit: Duration) {
        self.check = check
        self.duration = duration
        self.limit = limit
        self.pods = Dictionary(pods.map { ($0, Pod()) }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes note of what a question to a pod brought.
    mutating func heard(_ reply: HealthReply, from name: String, at now: Duration) -> Verdict {
        guard var pod = pods[name] else { return .dropped }
        let away = now - pod.heardAt
        if case .good = reply {} else { pod.goodSince = nil }
        if case .gone = reply { pod.goneInARow += 1 } else { pod.goneInARow = 0 }
        var failure: AppReport.Failure?
        switch reply {
        case .good:
            pod.goodSince = pod.goodSince ?? now
            pod.badInARow = 0
            pod.heardAt = now
        case .bad(let problem):
            pod.badInARow += 1
            pod.heardAt = now
            lastProblem = (name, problem)
            if pod.badInARow == Self.tries { failure = unhealthy(name, problem) }
        case .starting(let problem):
            pod.badInARow = 0
            pod.heardAt = now
            lastProblem = (name, problem)
        case .gone:
            pod.badInARow = 0
            if pod.goneInARow >= Self.tries, pods.count > 1 {
                pods[name] = nil
                return hasPassed(at: now) ? .passed : .dropped
            }
            if away >= Self.patience { failure = gone(name) }
        case .unheard(let error):
            if away >= Self.patience { failure = AppReport.Failure(error) }
        case .refused(let error):
            failure = AppReport.Failure(error)
        }
        pods[name] = pod
        if let failure { return .failed(failure) }
        if hasPassed(at: now) { return .passed }
        return now >= limit ? .failed(timedOut()) : .goOn
    }

    /// Every pod there is has answered well for long enough, at the same time.
    private func hasPassed(at now: Duration) -> Bool {
        pods.values.allSatisfy { pod in pod.goodSince.map { now - $0 >= duration } ?? false }
    }

    private func unhealthy(_ pod: String, _ problem: String) -> AppReport.Failure {
        AppReport.Failure(
            code: RolloutFailure.Code.unhealthy.rawValue, message: "\(check) \(problem), \(Self.tries) times in a row",
            pod: pod)
    }

    private func gone(_ pod: String) -> AppReport.Failure {
        AppReport.Failure(
            code: RolloutFailure.Code.podsGone.rawValue, message: "\(check): no pod is left to ask", pod: pod)
    }

    private func timedOut() -> AppReport.Failure {
        AppReport.Failure(
            code: RolloutFailure.Code.timedOut.rawValue,
            message: "\(check): the time is up"
                + (lastProblem.map { "; the last that was wrong: pod \($0.pod) \($0.text)" } ?? ""),
            pod: lastProblem?.pod)
    }
}
