import Documents
import Kubernetes
import Reporting
import Workloads

/// Makes a Job after a template and watches it to its end.
///
/// The Job stays for people to look at where it came to its own end. Where it did not (the time is up, its pod cannot start,
/// the pass is cancelled) it is deleted, so that no check goes on against a later state.
struct JobCheck: Sendable {
    let environment: Environment
    let cluster: KubernetesClient
    let time: CheckTime
    let timeout: Duration
    let tell: @Sendable (VerificationProgress.State) -> Void

    private static let pause = Duration.seconds(1)
    /// For how long a pod may be kept from starting.
    static let startGrace = Duration.seconds(20)
    /// The cluster ends what nobody watches any more, after Descry would have.
    private static let deadlineMargin = Duration.seconds(30)
    private static let timeToLive = Duration.seconds(86_400)

    private var namespace: String { environment.namespace }

    /// Why there is no good end; `isOver` where the Job itself has ended, or is gone.
    private struct Problem: Error {
        var failure: AppReport.Failure
        var isOver = false
    }

    /// - Throws: `CancellationError`.
    func run(_ name: String, commit: String) async throws -> CheckResult {
        let template: JobTemplate
        do {
            guard let found = try await soon.jobTemplate(name, namespace: namespace) else {
                return CheckResult(failure: missing(name))
            }
            template = found
        } catch let error as KubernetesError {
            return CheckResult(failure: AppReport.Failure(error))
        }
        let jobName = Self.jobName(after: name, commit: commit)
        do {
            return try await watch(jobName, after: template, commit: commit)
        } catch {
            await Self.detached { await delete(jobName, within: .seconds(2)) }
            throw error
        }
    }

    private func watch(_ jobName: String, after template: JobTemplate, commit: String) async throws -> CheckResult {
        var job: JobState?
        do {
            let made = try await create(jobName, after: template, commit: commit)
            job = made
            tell(.started(job: jobName))
            let ended = try await end(of: made)
            return CheckResult(job: jobName, log: try await log(of: ended).lines)
        } catch let problem as Problem {
            return try await result(problem, jobName, job)
        } catch let error as KubernetesError {
            return try await result(Problem(failure: AppReport.Failure(error)), jobName, job)
        }
    }

    private func result(_ problem: Problem, _ jobName: String, _ job: JobState?) async throws -> CheckResult {
        var failure = problem.failure
        var log: [String]?
        if let job {
            let read = try await self.log(of: job)
            log = read.lines
            if let trouble = read.trouble { failure.message += "; its log could not be read: \(trouble)" }
        }
        if !problem.isOver, let trouble = await delete(jobName, within: .seconds(10)) {
            failure.message += "; the Job \(jobName) could not be deleted and may go on: \(trouble)"
            failure.hint = "kubectl -n \(namespace) delete job \(jobName)"
        }
        return CheckResult(failure: failure, job: job?.name, log: log)
    }

    // MARK: - The Job

    /// `NAME-descry-COMMIT-RANDOM`, of 63 characters at most: the name is a label of the Job's pods too.
    static func jobName(after name: String, commit: String) -> String {
        let random = String((0..<5).compactMap { _ in "bcdfghjklmnpqrstvwxz2456789".randomElement() })
        let end = "-descry-\(commit.prefix(6))-\(random)"
        var begin = name.prefix(63 - end.utf8.count)
        while let last = begin.last, last == "-" || last == "." { begin.removeLast() }
        return begin + end
    }

    private func create(_ jobName: String, after template: JobTemplate, commit: String) async throws -> JobState {
        let annotations = ["descry.dev/environment": environment.name, "descry.dev/commit": commit]
        do {
            return try await soon.createJob(
                jobName, after: template, labels: ["app.kubernetes.io/managed-by": "descry"],
                annotations: annotations, deadline: timeout + Self.deadlineMargin, timeToLive: Self.timeToLive,
                namespace: namespace)
        } catch let error as KubernetesError where error.code == "already-exists" {
            // An answer that was lost, and a request sent again: the name is nobody else's.
            guard let job = try await soon.job(jobName, namespace: namespace) else { throw error }
            return job
        }
    }

    /// - Throws: `Problem` where it ends otherwise than well.
    private func end(of job: JobState) async throws -> JobState {
        var startProblems = StartProblems()
        var trouble: String?
        while true {
            do {
                let state = try await look(at: job, &startProblems)
                trouble = nil
                if let state { return state }
            } catch let error as KubernetesError where error.category == .unreachable {
                trouble = error.message
            }
            guard time.elapsed() < timeout else {
                let what = trouble ?? startProblems.text ?? "its pod has not ended"
                throw Problem(
                    failure: .init(
                        code: "verify-timed-out",
                        message: "the Job \(job.name) did not end within \(DurationText.format(timeout)): \(what)",
                        hint: "Give it longer: verify.timeout"))
            }
            try await time.sleep(min(Self.pause, max(timeout - time.elapsed(), .milliseconds(1))))
        }
    }

    /// - Returns: the Job where it has succeeded, nil where it goes on.
    private func look(at job: JobState, _ startProblems: inout StartProblems) async throws -> JobState? {
        guard let state = try await soon.job(job.name, namespace: namespace), state.uid == job.uid else {
            throw Problem(
                failure: .init(
                    code: "verify-failed", message: "the Job \(job.name) was deleted by somebody before it ended"),
                isOver: true)
        }
        switch state.outcome {
        case .complete: return state
        case .failed(let reason, let message):
            let pods = try await pods(of: state)
            throw Problem(failure: Self.failure(state, reason, message, pods), isOver: true)
        case .running: break
        }
        let pods = try await pods(of: state)
        if let text = pods.last.map(Self.text) { tell(.waiting(text)) }
        if let stuck = startProblems.overdue(pods.map(\.state), at: time.elapsed()) { throw Problem(failure: stuck) }
        return nil
    }

    /// None where the token may not list them: then the Job alone tells.
    private func pods(of job: JobState) async throws -> [JobPod] {
        do {
            return try await soon.pods(of: job, namespace: namespace)
        } catch let error as KubernetesError where error.category == .denied {
            return []
        }
    }

    // MARK: - Its log

    private func log(of job: JobState) async throws -> (lines: [String]?, trouble: String?) {
        do {
            guard let pod = try await pods(of: job).last else { return (nil, "no pod of it is there any more") }
            guard let container = pod.tellingContainer else { return (nil, "its pod has no container") }
            let text = try await soon.log(
                of: pod.state.name, container: container, lines: LogTail.lines, byteLimit: LogTail.readLimit,
                namespace: namespace)
            return (LogTail.lines(of: text), nil)
        } catch let error as KubernetesError {
            return (nil, error.description)
        }
    }

    // MARK: - Its end

    /// - Returns: why it may still be there.
    private func delete(_ jobName: String, within limit: Duration) async -> String? {
        do {
            _ = try await cluster.before(.now + limit).deleteJob(jobName, namespace: namespace)
            return nil
        } catch let error as KubernetesError {
            return error.description
        } catch {
            return String(describing: error)
        }
    }

    /// Also in a task that is cancelled, whose own requests would end at once.
    private static func detached(_ body: @escaping @Sendable () async -> String?) async {
        // What is left behind is ended by the cluster at its deadline, and nobody is there to be told.
        _ = await Task.detached(operation: body).value
    }

    /// So that one request cannot outlast the check by much.
    private var soon: KubernetesClient {
        cluster.before(.now + max(.seconds(5), min(timeout - time.elapsed(), .seconds(30))))
    }
}
