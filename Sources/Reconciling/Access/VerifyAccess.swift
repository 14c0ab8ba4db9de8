import Kubernetes
import Reporting

/// What the check after the rollouts needs, for `descry doctor`.
struct VerifyAccess: Sendable {
    /// The template's name.
    let job: String
    let namespace: String

    /// Nil where no Job is made.
    init?(_ environment: Environment) {
        guard case .job(let name) = environment.verify?.check else { return nil }
        job = name
        namespace = environment.namespace
    }

    /// Without an essential one the check fails, and the pass with it.
    var permissions: [(permission: Permission, isEssential: Bool)] {
        func job(_ verb: String) -> Permission {
            Permission(verb: verb, group: "batch", resource: "jobs", namespace: namespace)
        }
        return [
            (Permission(verb: "get", group: "batch", resource: "cronjobs", name: self.job, namespace: namespace), true),
            (job("get"), true), (job("create"), true), (job("delete"), false),
            (Permission(verb: "get", group: "", resource: "pods", subresource: "log", namespace: namespace), false),
        ]
    }

    /// What follows where an inessential one is missing; nil for one that is none of these.
    static func consequence(of denied: Permission) -> String? {
        switch (denied.resource, denied.subresource) {
        case ("jobs", _): "a check whose time is up goes on against whatever is deployed next (verify.job)"
        case ("pods", "log"): "the report of a check has no log (verify.job)"
        default: nil
        }
    }

    /// The state of the template, as a check's name is said in a report.
    enum Template {
        case good(JobTemplate.Kind)
        /// It is a Job that has run by itself.
        case runsByItself
        case missing
    }

    func template(_ cluster: KubernetesClient) async throws -> Template {
        guard let template = try await cluster.jobTemplate(job, namespace: namespace) else { return .missing }
        return template.runsByItself ? .runsByItself : .good(template.kind)
    }
}
