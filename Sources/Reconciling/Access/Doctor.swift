import Descriptors
import Documents
import FoundationEssentials
import Git
import Kubernetes
import Planning
import Reporting
import Rollouts
import Workloads

/// Checks everything that a pass over an environment needs, and says how to mend what is missing. Writes nothing.
public struct Doctor: Sendable {
    let environment: Environment
    private let repository: GitRepository
    private let cluster: KubernetesClient

    public init(environment: Environment, repository: GitRepository, cluster: KubernetesClient) {
        self.environment = environment
        self.repository = repository
        self.cluster = cluster
    }

    /// - Returns: the report, and the exit code of the first check that failed.
    public func examine() async -> (report: DoctorReport, status: ExitStatus) {
        var findings = Findings(environment: environment.name)
        let descriptor = await examineGit(&findings)
        await examineRevert(&findings)
        let hasToken = await examineToken(&findings)
        let isReachable = hasToken ? await examineServer(&findings) : false
        if isReachable {
            let kinds = Set(descriptor?.apps.map(\.kind) ?? [.statefulSet])
            await examinePermissions(kinds, descriptor, &findings)
        } else {
            findings.skip("permissions", because: "the API server is not reached")
        }
        if let descriptor, isReachable {
            await examineWorkloads(descriptor, &findings)
        } else {
            findings.skip("workloads", because: "that needs the descriptor and the API server")
        }
        if isReachable { await examineVerification(&findings) }
        return (findings.report, findings.status ?? .done)
    }

    private func examineGit(_ findings: inout Findings) async -> Descriptor? {
        do {
            let tip = try await repository.update(branch: environment.branch)
            findings.ok("git", "\(repository.remote) answers; \(environment.branch) is at \(tip.commit)")
            let source = DescriptorSource(environment: environment, repository: repository)
            let descriptor = try await source.read(tip).descriptor
            let count = descriptor.apps.count
            findings.ok("descriptor", "\(environment.descriptor) lists \(count) app\(count == 1 ? "" : "s")")
            return descriptor
        } catch let refused as Refused {
            findings.fail(
                "descriptor",
                "\(environment.descriptor) has \(refused.diagnostics.count) problems; the first: "
                    + (refused.diagnostics.first?.message ?? ""),
                hint: "descry lint FILE shows all of them", .refused)
        } catch let error as GitError {
            let status = ExitStatus(rawValue: error.category.exitCode) ?? .internalError
            findings.fail("git", error.message, hint: error.hint, status)
        } catch {
            findings.fail("git", String(describing: error), hint: nil, .internalError)
        }
        return nil
    }

    /// - Returns: false where there is no use in going on.
    private func examineToken(_ findings: inout Findings) async -> Bool {
        do {
            guard let expiry = try await cluster.tokenClaims()?.expires else { return true }
            let left = expiry.timeIntervalSinceNow
            let when = expiry.formatted(Date.ISO8601FormatStyle())
            if left <= 0 {
                findings.fail(
                    "token", "expired at \(when)",
                    hint: "kubectl -n \(environment.namespace) create token "
                        + "descry-\(environment.name.lowercased()) makes a new one", .denied)
            } else if left < 3600 {
                findings.warn("token", "expires at \(when), in \(Int(left / 60)) minutes")
            } else {
                findings.ok("token", "is valid until \(when)")
            }
            return left > 0
        } catch let error as KubernetesError {
            findings.fail("token", error.message, hint: error.hint, ExitStatus(error))
        } catch {
            findings.fail("token", String(describing: error), hint: nil, .internalError)
        }
        return false
    }

    private func examineServer(_ findings: inout Findings) async -> Bool {
        do {
            let version = try await cluster.serverVersion()
            findings.ok("API server", "\(cluster.configuration.server) runs Kubernetes \(version.gitVersion)")
            return true
        } catch let error as KubernetesError {
            findings.fail("API server", error.message, hint: error.hint, ExitStatus(error))
        } catch {
            findings.fail("API server", String(describing: error), hint: nil, .internalError)
        }
        return false
    }

    private func examinePermissions(_ kinds: Set<WorkloadKind>, _ descriptor: Descriptor?, _ findings: inout Findings)
        async
    {
        var needed: [(permission: Permission, isEssential: Bool)] = []
        let namespace = environment.namespace
        for kind in kinds.sorted(by: { $0.rawValue < $1.rawValue }) {
            let names = descriptor?.apps.filter { $0.kind == kind }.map(\.name) ?? []
            // With a Role that names its workloads only a question about a name is answered with yes.
            let probes: [String?] = names.isEmpty ? [nil] : names
            for verb in ["get", "patch"] {
                needed += probes.map {
                    (
                        Permission(verb: verb, group: "apps", resource: kind.resource, name: $0, namespace: namespace),
                        true
                    )
                }
            }
            for verb in ["list", "watch"] {
                needed.append(
                    (Permission(verb: verb, group: "apps", resource: kind.resource, namespace: namespace), false))
            }
        }
        needed += canaryPermissions(descriptor)
        let replaces = kinds.contains(.statefulSet) && environment.rollout.replaceStuckPods != .never
        for verb in ["list", "watch"] + (replaces ? ["delete"] : []) {
            needed.append((Permission(verb: verb, group: "", resource: "pods", namespace: namespace), false))
        }
        if descriptor?.apps.contains(where: { $0.health != nil }) == true {
            let proxy = Permission(verb: "get", group: "", resource: "pods", subresource: "proxy", namespace: namespace)
            needed.append((proxy, true))
        }
        for verb in ["get", "patch"] {
            let name = DeploymentHistory.name(environment.name)
            needed.append(
                (Permission(verb: verb, group: "", resource: "configmaps", name: name, namespace: namespace), false))
        }
        needed.append((Permission(verb: "create", group: "", resource: "events", namespace: namespace), false))
        needed += leasePermissions.map { ($0, false) }
        needed += VerifyAccess(environment)?.permissions ?? []
        do {
            let answers = try await concurrentMap(needed, limit: 16) { try await cluster.isAllowed($0.permission) }
            let denied = zip(needed, answers).filter { !$0.1 }.map(\.0)
            // Without the descriptor `rbac` cannot know of canaries.
            let named = descriptor?.apps.contains { $0.canaryKey != nil } == true ? " --named" : ""
            for refusal in Self.grouped(denied.filter(\.isEssential).map(\.permission)) {
                findings.fail(
                    "permission", "the token may not \(refusal) in \(namespace)",
                    hint: "descry rbac \(environment.name)"
                        + (named.isEmpty && refusal.hasSuffix("pods/proxy") ? " --health" : named)
                        + " | kubectl apply -f - grants it", .denied)
            }
            for item in denied where !item.isEssential {
                findings.warn(
                    "permission",
                    "the token may not \(item.permission): \(Self.consequence(of: item.permission))")
            }
            if denied.isEmpty { findings.ok("permissions", "all \(needed.count) that are needed in \(namespace)") }
        } catch let error as KubernetesError {
            findings.fail("permissions", error.message, hint: error.hint, ExitStatus(error))
        } catch {
            findings.fail("permissions", String(describing: error), hint: nil, .internalError)
        }
    }

    private var leasePermissions: [Permission] {
        let name = EnvironmentLease.name(environment.name)
        return [("get", name), ("patch", name), ("create", nil)].map { verb, name in
            Permission(
                verb: verb, group: "coordination.k8s.io", resource: "leases", name: name,
                namespace: environment.namespace)
        }
    }

    /// Without them an app that asks for a canary of its Deployment cannot be deployed. A StatefulSet's needs nothing more.
    private func canaryPermissions(_ descriptor: Descriptor?) -> [(permission: Permission, isEssential: Bool)] {
        let keys = descriptor?.apps.compactMap(\.canaryKey) ?? []
        guard !keys.isEmpty else { return [] }
        func permission(_ verb: String, _ name: String?) -> (permission: Permission, isEssential: Bool) {
            let resource = WorkloadKind.deployment.resource
            return (
                Permission(
                    verb: verb, group: "apps", resource: resource, name: name, namespace: environment.namespace), true
            )
        }
        return [permission("create", nil)]
            + keys.flatMap { [permission("get", $0.name), permission("delete", $0.name)] }
    }

    private static func consequence(of denied: Permission) -> String {
        if let consequence = VerifyAccess.consequence(of: denied) { return consequence }
        return switch (denied.resource, denied.verb) {
        case ("pods", "delete"):
            "a person has to delete a broken pod that blocks a StatefulSet (rollout.replaceStuckPods)"
        case ("configmaps", _): "no history is kept, and a version that failed is tried again"
        case ("leases", _):
            "two runs at the same time are not kept apart, and `descry run` does not take the environment"
        case ("events", _): "what it does to a workload is not among the workload's events"
        case ("pods", _): "failing pods are only noticed by the timeout"
        default: "Descry reads by name and polls"
        }
    }

    /// One line a verb and resource, with the names where the question was about names.
    private static func grouped(_ permissions: [Permission]) -> [String] {
        var names: [String: [String]] = [:]
        var order: [String] = []
        for permission in permissions {
            let what = "\(permission.verb) \(permission.resource)" + (permission.subresource.map { "/\($0)" } ?? "")
            if names[what] == nil { order.append(what) }
            names[what, default: []] += permission.name.map { [$0] } ?? []
        }
        return order.map { what in
            let all = names[what] ?? []
            let more = all.count > 5 ? " and \(all.count - 5) more" : ""
            return all.isEmpty ? what : "\(what) \(all.prefix(5).joined(separator: ", "))\(more)"
        }
    }

    private func examineWorkloads(_ descriptor: Descriptor, _ findings: inout Findings) async {
        do {
            let reader = WorkloadReader(cluster: cluster, namespace: environment.namespace)
            let observed = try await reader.read(descriptor.apps.flatMap(\.observedKeys)).workloads
            let plan = Plan(
                apps: descriptor.apps, commit: "", rules: PlanningRules(environment), observed: observed)
            for problem in plan.problems {
                findings.fail("workload \(problem.app.key)", problem.message, hint: problem.hint, ExitStatus(problem))
            }
            if plan.isExecutable {
                findings.ok("workloads", "all \(descriptor.apps.count) exist with the containers they need")
            }
        } catch let error as KubernetesError {
            findings.fail("workloads", error.message, hint: error.hint, ExitStatus(error))
        } catch {
            findings.fail("workloads", String(describing: error), hint: nil, .internalError)
        }
    }

    private func examineVerification(_ findings: inout Findings) async {
        guard let access = VerifyAccess(environment) else { return }
        do {
            switch try await access.template(cluster) {
            case .good(let kind): findings.ok("verify", "\(kind.rawValue) \(access.job) is what a check is made after")
            case .runsByItself:
                findings.warn(
                    "verify", "Job \(access.job) has run by itself: a template has suspend: true, or is a CronJob")
            case .missing:
                findings.fail(
                    "verify", "there is no CronJob \(access.job) in \(environment.namespace), and no Job of that name",
                    hint: "Create it, with suspend: true, or change verify.job", .missing)
            }
        } catch let error as KubernetesError {
            findings.fail("verify", error.message, hint: error.hint, ExitStatus(error))
        } catch {
            findings.fail("verify", String(describing: error), hint: nil, .internalError)
        }
    }

    struct Findings {
        var report: DoctorReport
        var status: ExitStatus?

        init(environment: String) { report = DoctorReport(environment: environment) }

        mutating func ok(_ name: String, _ message: String) { report.checks.append(.init(name, .ok, message)) }
        mutating func warn(_ name: String, _ message: String) { report.checks.append(.init(name, .warning, message)) }

        mutating func skip(_ name: String, because reason: String) {
            report.checks.append(.init(name, .skipped, reason))
        }

        mutating func fail(_ name: String, _ message: String, hint: String?, _ status: ExitStatus) {
            report.checks.append(.init(name, .failed, message, hint: hint))
            self.status = self.status ?? status
        }
    }
}

extension PlanningRules {
    init(_ environment: Environment) {
        self.init(
            environment: environment.name, namespace: environment.namespace, registry: environment.registry,
            channels: environment.channels)
    }
}
