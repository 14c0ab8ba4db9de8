import FoundationEssentials
import NIOHTTP1
import Workloads

/// Where a Job stands.
public struct JobState: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        case running
        case complete
        /// In the Job controller's words, such as `BackoffLimitExceeded`.
        case failed(reason: String, message: String)
    }

    public let name: String
    public let uid: String
    public let annotations: [String: String]
    public let isBeingDeleted: Bool
    public let outcome: Outcome
    /// Pods that run, and those that have ended.
    public let active: Int
    public let succeeded: Int
    public let failed: Int
}

/// A pod of a Job.
public struct JobPod: Sendable, Hashable {
    public let state: PodState
    /// ISO 8601, so that a later one is a greater text.
    public let createdAt: String

    /// Whose log tells most: the first init container or container that failed, else the first that has run.
    public var tellingContainer: String? {
        let all = state.initContainerStates + state.containerStates
        let failed = all.first { container in
            let ending = if case .terminated(let ending) = container.phase { ending } else { container.lastTermination }
            return (ending?.exitCode ?? 0) != 0
        }
        return (failed ?? state.containerStates.first)?.name ?? state.containers.first?.name
    }
}

extension KubernetesClient {
    /// What a Job is to be made after: the CronJob of that name, else the Job of it; nil where there is neither.
    ///
    /// CronJobs are `batch/v1beta1` in Kubernetes 1.20, and `batch/v1` from 1.21 on.
    public func jobTemplate(_ name: String, namespace: String) async throws -> JobTemplate? {
        for resource in [Resource.cronJobs, Resource.betaCronJobs] {
            if let object = try await raw(resource, name, namespace) { return JobTemplate(cronJob: name, object) }
        }
        return try await raw(.jobs, name, namespace).map { JobTemplate(job: name, $0) }
    }

    private func raw(_ resource: Resource, _ name: String, _ namespace: String) async throws -> JSONValue? {
        let purpose = resource.purpose("get", name, namespace)
        let request = APIRequest(path: resource.path(namespace: namespace, name: name), purpose: purpose)
        do {
            return try decode(JSONValue.self, try await send(request), purpose)
        } catch let error as KubernetesError where error.code == "not-found" {
            return nil
        }
    }

    /// Creates a Job.
    ///
    /// - Parameters:
    ///   - labels, annotations: go over those of the template.
    ///   - deadline: after which the cluster ends the Job, where the template has no shorter one.
    ///   - timeToLive: for how long it stays when it has ended, where the template does not say.
    /// - Throws: code `already-exists` where there is one of the name; `invalid`; `forbidden`.
    public func createJob(
        _ name: String, after template: JobTemplate, labels: [String: String], annotations: [String: String],
        deadline: Duration, timeToLive: Duration, namespace: String
    ) async throws -> JobState {
        let object = template.job(
            name, labels: labels, annotations: annotations, deadline: max(1, deadline.components.seconds),
            timeToLive: max(0, timeToLive.components.seconds))
        let request = APIRequest(
            method: .POST, path: Resource.jobs.path(namespace: namespace), query: [("fieldManager", Self.fieldManager)],
            body: Array(try JSONEncoder().encode(object)), purpose: Resource.jobs.purpose("create", name, namespace))
        return try decode(JobObject.self, try await send(request), request.purpose).value()
    }

    /// One Job, or nil where there is none of that name.
    public func job(_ name: String, namespace: String) async throws -> JobState? {
        try await get(JobObject.self, .jobs, name, namespace)
    }

    /// Deletes a Job, and its pods with it.
    ///
    /// - Returns: false where there is none of that name.
    public func deleteJob(_ name: String, namespace: String) async throws -> Bool {
        struct Options: Encodable {
            let apiVersion = "v1"
            let kind = "DeleteOptions"
            let propagationPolicy = "Background"
        }
        let request = APIRequest(
            method: .DELETE, path: Resource.jobs.path(namespace: namespace, name: name),
            body: Array(try JSONEncoder().encode(Options())),
            purpose: Resource.jobs.purpose("delete", name, namespace))
        do {
            _ = try await send(request)
            return true
        } catch let error as KubernetesError where error.code == "not-found" {
            return false
        }
    }

    /// The pods that a Job has made, oldest first.
    public func pods(of job: JobState, namespace: String) async throws -> [JobPod] {
        let scope = ListScope(.pods, namespace, "job-name=\(job.name)", nil)
        return try await list(JobPodObject.self, scope).items.filter { $0.state.ownerUID == job.uid }
            .sorted { ($0.createdAt, $0.state.name) < ($1.createdAt, $1.state.name) }
    }

    /// The end of a container's log.
    ///
    /// - Parameters:
    ///   - lines: at most so many of the last ones.
    ///   - byteLimit: of the log as it is read; longer lines are cut off at the end.
    /// - Throws: code `bad-request` where the container has not started; `not-found` where the pod is gone.
    public func log(
        of pod: String, container: String, lines: Int, byteLimit: Int, namespace: String
    ) async throws -> String {
        let request = APIRequest(
            path: Resource.pods.path(namespace: namespace, name: pod) + "/log",
            query: [("container", container), ("tailLines", "\(lines)"), ("limitBytes", "\(byteLimit)")],
            purpose: .init(verb: "get", resource: "pods/log", name: pod, namespace: namespace))
        return String(decoding: try await send(request), as: UTF8.self)
    }
}
