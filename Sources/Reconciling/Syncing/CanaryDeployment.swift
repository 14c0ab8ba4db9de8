import Descriptors
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Runs the canaries of a Deployment in a second one beside it, `NAME-canary`, while the original stays as it is.
///
/// Only a Deployment of its own is provably separate: to pause the original in the middle of its rollout is a race with its
/// controller, which may have replaced any number of pods by then.
struct CanaryDeployment: Sendable {
    let cluster: KubernetesClient
    let environment: Environment
    /// What tells this canary's pods from those of one just removed, which may still be ending.
    let newIdentity: @Sendable () -> String

    init(
        cluster: KubernetesClient, environment: Environment,
        newIdentity: @escaping @Sendable () -> String = {
            String(UInt32.random(in: 0x1000_0000 ... .max), radix: 16)
        }
    ) {
        self.cluster = cluster
        self.environment = environment
        self.newIdentity = newIdentity
    }

    /// Creates it, in place of one that a pass before has left behind.
    ///
    /// - Returns: what its rollout has to reach, and the object as it was created; or why it was not created.
    /// - Throws: `CancellationError` only.
    func start(
        _ planned: PlannedApp, pods: Int
    ) async throws -> Result<(RolloutTarget, Workload), AppReport.Failure> {
        let key = planned.key.canary
        do {
            if let found = try await cluster.workload(key, namespace: environment.namespace) {
                guard isLeftover(found, of: planned) else { return .failure(taken(key, by: found, planned)) }
                _ = try await cluster.deleteWorkload(key, uid: found.uid, namespace: environment.namespace)
            }
            let created = try await cluster.create(
                copy(of: planned, pods: pods), of: planned.key.name, uid: planned.workload.uid,
                namespace: environment.namespace)
            guard let created else {
                return .failure(
                    AppReport.Failure(
                        code: RolloutFailure.Code.replaced.rawValue,
                        message: "\(planned.key) was deleted, or deleted and created again, before its canary was made",
                        hint: "apply again"))
            }
            var target = RolloutTarget(planned, workload: created, environment: environment)
            target.key = key
            return .success((target, created))
        } catch let error as KubernetesError {
            return .failure(failure(error))
        }
    }

    /// Takes it away, its pods included. One that is gone already is as good.
    ///
    /// - Returns: why it is still there, and what a person can do.
    /// - Throws: `CancellationError` only.
    func remove(_ key: WorkloadKey, uid: String) async throws -> AppReport.Failure? {
        do {
            _ = try await cluster.deleteWorkload(key, uid: uid, namespace: environment.namespace)
            return nil
        } catch let error as KubernetesError {
            var failure = failure(error)
            failure.hint = "kubectl -n \(environment.namespace) delete \(key)" + (failure.hint.map { "; \($0)" } ?? "")
            return failure
        }
    }

    /// Only with `--named` or `--canary` does the Role hold what a canary needs.
    private func failure(_ error: KubernetesError) -> AppReport.Failure {
        var failure = AppReport.Failure(error)
        if error.status == 403 {
            failure.hint = "`descry rbac \(environment.name) --named` (or `--canary`) prints the Role that allows it"
        }
        return failure
    }

    private func isLeftover(_ found: Workload, of planned: PlannedApp) -> Bool {
        found.annotations[WorkloadAnnotation.canaryOf] == planned.key.name
            && found.annotations[WorkloadAnnotation.environment] == environment.name
    }

    private func taken(_ key: WorkloadKey, by found: Workload, _ planned: PlannedApp) -> AppReport.Failure {
        AppReport.Failure(
            code: PlanProblem.Code.canaryNameTaken.rawValue,
            message:
                "\(key) in namespace \(environment.namespace) is not the canary of \(planned.key), and has its name",
            hint: "Rename it, or remove \"strategy\" from \(planned.app.name)")
    }

    private func copy(of planned: PlannedApp, pods: Int) -> DeploymentCopy {
        var annotations = planned.annotations
        annotations[WorkloadAnnotation.canaryOf] = planned.key.name
        return DeploymentCopy(
            name: planned.key.canary.name, replicas: pods, images: WorkloadPatch(planned).images,
            labels: ["descry.dev/track": "canary", "descry.dev/canary": newIdentity()], annotations: annotations)
    }
}
