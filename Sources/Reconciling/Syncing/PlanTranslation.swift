import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

// A plan is a value that knows neither the API nor the report: here it is put into their words.

extension WorkloadPatch {
    /// The patch that carries out a planned app. It names every container of the app, since server-side apply gives up
    /// what it no longer names, and carries the observed uid and resourceVersion as preconditions.
    ///
    /// - Parameter partition: of a StatefulSet, the ordinal of the first pod that is to be replaced.
    init(_ planned: PlannedApp, partition: Int = 0) {
        self.init(
            key: planned.key, uid: planned.workload.uid, resourceVersion: planned.workload.resourceVersion,
            images: planned.images.map { .init(container: $0.container, isInit: $0.isInit, image: $0.desired) },
            annotations: planned.annotations,
            strategy: planned.key.kind == .statefulSet
                ? UpdateStrategy(type: "RollingUpdate", partition: partition) : nil)
    }
}

extension RolloutTarget {
    /// What the rollout of a planned app has to reach.
    ///
    /// - Parameters:
    ///   - workload: as the API server answered the patch; as observed where none was needed.
    ///   - isCanary: the pods below the workload's partition may keep what they run.
    init(_ planned: PlannedApp, workload: Workload, environment: Environment, isCanary: Bool = false) {
        self.init(
            key: planned.key, namespace: environment.namespace, uid: workload.uid, generation: workload.generation,
            images: Dictionary(
                planned.images.map { ($0.container, $0.desired) }, uniquingKeysWith: { first, _ in first }),
            initContainers: Set(planned.images.filter(\.isInit).map(\.container)),
            partition: isCanary ? workload.strategy.partition ?? 0 : 0,
            timeout: planned.app.timeout ?? environment.rollout.timeout,
            stuckPods: environment.rollout.replaceStuckPods)
    }
}

extension AppReport {
    init(_ planned: PlannedApp, outcome: Outcome) {
        self.init(
            app: planned.app.name, workload: planned.key.description, outcome: outcome,
            from: planned.previousVersion, to: planned.app.version.text,
            wave: outcome == .unchanged ? nil : planned.wave + 1,
            changes: planned.changes.map {
                Change(field: $0.path, from: $0.from, to: $0.to, reason: $0.reason.rawValue)
            }, notes: planned.notes.map(\.message))
    }

    /// The apps that the plan refuses, one entry each: the first problem is the failure, further ones are notes.
    static func refused(_ problems: [PlanProblem]) -> [AppReport] {
        var reports: [AppReport] = []
        for problem in problems {
            if reports.last?.app == problem.app.name {
                reports[reports.count - 1].notes.append("\(problem.code): \(problem.message). \(problem.hint)")
            } else {
                reports.append(
                    AppReport(
                        app: problem.app.name, workload: problem.app.key.description, outcome: .refused,
                        to: problem.app.version.text, failure: Failure(problem)))
            }
        }
        return reports
    }
}

extension AppReport.Failure {
    init(_ problem: PlanProblem) {
        self.init(code: problem.code.rawValue, message: problem.message, hint: problem.hint)
    }

    init(_ error: KubernetesError) {
        self.init(code: error.code, message: error.message, hint: error.hint)
    }

    init(_ failure: RolloutFailure) {
        self.init(
            code: failure.code.rawValue, message: failure.message, hint: failure.hint, pod: failure.pod,
            container: failure.container, reason: failure.reason)
    }

    /// With the way out of a broken StatefulSet where Descry does not take it: the controller does not replace the broken pod by
    /// itself, not even once its template is mended (kubernetes#67250).
    init(_ failure: RolloutFailure, of planned: PlannedApp, environment: Environment) {
        self.init(failure)
        guard hint == nil, let pod, planned.key.kind == .statefulSet, !planned.workload.isParallel,
            !environment.rollout.onFailure.rollsBack
        else { return }
        hint =
            environment.rollout.replaceStuckPods == .never
            ? "Mend the cause and run apply again. If the StatefulSet keeps its broken pod then: "
                + "kubectl -n \(environment.namespace) delete pod \(pod)"
            : "Mend the cause and run apply again, or push a version that works."
    }
}

extension AppReport.Pods {
    init(_ progress: RolloutProgress) {
        self.init(replicas: progress.replicas, updated: progress.updated, ready: progress.ready)
    }
}

extension ExitStatus {
    /// The exit code where this error ends a pass that has written nothing.
    public init(_ error: KubernetesError) {
        self =
            switch error.category {
            case .unreachable: .unreachable
            case .denied: .denied
            case .missing: .missing
            case .refused: .refused
            case .conflict: .rolloutFailed
            case .internal: .internalError
            }
    }

    init(_ problem: PlanProblem) {
        self = problem.kind == .missing ? .missing : .refused
    }
}
