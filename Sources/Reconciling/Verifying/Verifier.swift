import Kubernetes
import Reporting

/// Checks the environment as a whole, once every rollout of a pass is proven: pods that are ready can still be no shop that
/// sells.
struct Verifier: Sendable {
    private let environment: Environment
    private let cluster: KubernetesClient
    private let clock: any Clock<Duration>
    private let progress: @Sendable (ProgressEvent) -> Void

    /// - Parameter clock: for the pauses and the timeout. What one request may take is real time.
    init(
        environment: Environment, cluster: KubernetesClient, clock: any Clock<Duration> = ContinuousClock(),
        progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
    ) {
        self.environment = environment
        self.cluster = cluster
        self.clock = clock
        self.progress = progress
    }

    /// Runs the check to its end.
    ///
    /// - Parameter commit: whose rollouts are proven; a Job carries it in its name and annotations.
    /// - Throws: `CancellationError` only, with the Job deleted by then, if it could be within two seconds.
    func run(_ verify: Verify, commit: String) async throws -> VerificationReport {
        let time = CheckTime(clock)
        let result: CheckResult
        switch verify.check {
        case .job(let name):
            let check = JobCheck(
                environment: environment, cluster: cluster, time: time, timeout: verify.timeout, tell: tell(.job, name))
            result = try await check.run(name, commit: commit)
        case .http(let url):
            let check = HTTPCheck(
                url: url, time: time, timeout: verify.timeout, tell: tell(.http, HTTPCheck.shown(url)))
            result = try await check.run()
        }
        let report = VerificationReport(verify, result, seconds: time.elapsed() / .seconds(1))
        let end = report.failure.map { VerificationProgress.State.failed($0) } ?? .passed(seconds: report.seconds)
        tell(report.kind, report.target)(end)
        return report
    }

    private func tell(
        _ kind: VerificationReport.Kind, _ target: String
    ) -> @Sendable (VerificationProgress.State) -> Void {
        { [progress] in progress(.verification(VerificationProgress(kind: kind, target: target, state: $0))) }
    }
}

/// How a check ended.
struct CheckResult: Sendable {
    /// Nil where it passed.
    var failure: AppReport.Failure?
    var job: String?
    var log: [String]?
}

/// The time since a check began, and its pauses.
struct CheckTime: Sendable {
    let elapsed: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void

    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
    }
}

extension VerificationReport {
    init(_ verify: Verify, _ result: CheckResult, seconds: Double) {
        let (kind, target): (Kind, String) =
            switch verify.check {
            case .job(let name): (.job, name)
            case .http(let url): (.http, HTTPCheck.shown(url))
            }
        self.init(
            kind: kind, target: target, job: result.job, outcome: result.failure == nil ? .passed : .failed,
            seconds: seconds, failure: result.failure, log: result.log)
    }
}
