import Kubernetes
import Reporting
import Workloads

extension JobCheck {
    func missing(_ name: String) -> AppReport.Failure {
        AppReport.Failure(
            code: "verify-missing",
            message: "there is no CronJob \(name) in the namespace \(environment.namespace), and no Job of that name",
            hint: "Create it, with suspend: true, or change verify.job")
    }

    /// The Job controller's words, and those of the container that ended badly.
    static func failure(_ job: JobState, _ reason: String, _ message: String, _ pods: [JobPod]) -> AppReport.Failure {
        var text = "the Job \(job.name) failed" + (message.isEmpty ? "" : ": \(message)")
        let pod = pods.last { $0.state.phase == "Failed" } ?? pods.last
        let states = pod.map { $0.state.initContainerStates + $0.state.containerStates } ?? []
        let container = pod?.tellingContainer
        if let ending = states.first(where: { $0.name == container })?.ending, ending.exitCode != 0 {
            text += "; exit code \(ending.exitCode)" + (ending.reason.map { " (\($0))" } ?? "")
        }
        return AppReport.Failure(
            code: "verify-failed", message: text, hint: "Its log says why", pod: pod?.state.name,
            container: pod == nil ? nil : container, reason: reason)
    }

    /// Where the newest pod stands, in a few words.
    static func text(_ pod: JobPod) -> String {
        let place = "pod \(pod.state.name)"
        if let problem = StartProblems.problem(of: pod.state) { return "\(place): \(problem.reason)" }
        return "\(place): \(pod.state.phase.lowercased())"
    }
}

extension ContainerState {
    /// How it ended, or its run before.
    var ending: Termination? { if case .terminated(let ending) = phase { ending } else { lastTermination } }
}

/// Pods that cannot start, and since when.
struct StartProblems {
    struct Problem: Hashable {
        var container: String?
        var reason: String
        var message: String
        /// It does not pass without a person's doing, as far as can be told.
        var isConclusive: Bool
    }

    private var since: [String: Duration] = [:]
    /// What is wrong now, for who must say why the time is up.
    private(set) var text: String?

    /// Source: `pkg/kubelet/images/types.go` and `container/sync_result.go`.
    private static let conclusive: Set<String> = [
        "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError",
        "CreateContainerError", "RunContainerError",
    ]

    static func problem(of pod: PodState) -> Problem? {
        for state in pod.initContainerStates + pod.containerStates {
            guard case .waiting(let reason?, let message) = state.phase else { continue }
            if conclusive.contains(reason) {
                return Problem(container: state.name, reason: reason, message: message ?? "", isConclusive: true)
            }
        }
        let unscheduled = pod.conditions.first {
            $0.type == "PodScheduled" && $0.status == "False" && $0.reason == "Unschedulable"
        }
        return unscheduled.map {
            Problem(container: nil, reason: "Unschedulable", message: $0.message ?? "", isConclusive: false)
        }
    }

    /// The first that has not passed in time.
    mutating func overdue(_ pods: [PodState], at now: Duration) -> AppReport.Failure? {
        var still: [String: Duration] = [:]
        text = nil
        var found: AppReport.Failure?
        for pod in pods where !pod.hasEnded && !pod.isBeingDeleted {
            guard let problem = Self.problem(of: pod) else { continue }
            text = "pod \(pod.name): \(problem.reason): \(problem.message)"
            guard problem.isConclusive else { continue }
            let began = since[pod.uid] ?? now
            still[pod.uid] = began
            if now - began >= JobCheck.startGrace, found == nil {
                found = AppReport.Failure(
                    code: "verify-failed", message: problem.message, hint: "Mend the template of the check",
                    pod: pod.name, container: problem.container, reason: problem.reason)
            }
        }
        since = still
        return found
    }
}

/// The end of a log, as much as belongs into a report.
enum LogTail {
    static let lines = 20
    static let bytes = 4096
    /// Of the log as it is read: the API server cuts at the end, where the last lines are.
    static let readLimit = 64 << 10

    static func lines(of text: String) -> [String] {
        var all = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        if all.last == "" { all.removeLast() }
        var room = bytes
        var kept: [String] = []
        for line in all.suffix(lines).reversed() {
            guard line.utf8.count <= room else {
                // The longest line may be all that there is.
                if kept.isEmpty { kept.append(String(decoding: line.utf8.prefix(room - 3), as: UTF8.self) + "…") }
                break
            }
            kept.append(line)
            room -= line.utf8.count + 1
        }
        return kept.reversed()
    }
}
