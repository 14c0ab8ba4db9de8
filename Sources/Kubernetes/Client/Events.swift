import FoundationEssentials
import NIOHTTP1
import Workloads

/// A `v1` Event about a workload, as `kubectl describe` lists it.
///
/// It has the fields that every client since Kubernetes 1.20 reads: `source`, `count` and both timestamps, and no `eventTime`,
/// beside which the API server would demand an `action` (`k8s.io/kubernetes/pkg/apis/core/validation/events.go`).
public struct KubernetesEvent: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// What it is about, and its uid: events about an object that has been made anew under its name are not mixed.
    public var workload: WorkloadKey
    public var uid: String
    public var severity: Severity
    /// One word in camel case, such as `RolloutProven`.
    public var reason: String
    public var message: String
    public var time: Date

    public init(
        workload: WorkloadKey, uid: String, severity: Severity, reason: String, message: String, time: Date
    ) {
        self.workload = workload
        self.uid = uid
        self.severity = severity
        self.reason = reason
        self.message = message
        self.time = time
    }
}

extension KubernetesClient {
    /// Posts the event, in one attempt: nobody waits for an event, and later ones must not wait behind it.
    ///
    /// - Throws: code `forbidden` where the token may not; of the category `unreachable` where that may pass.
    public func post(_ event: KubernetesEvent, namespace: String) async throws {
        let resource = Resource.events
        // Nobody asks for it by its name, so chance makes it: two passes may tell the same of one workload.
        let name = "\(event.workload.name).\(String(UInt64.random(in: .min ... .max), radix: 16))"
        let request = APIRequest(
            method: .POST, path: resource.path(namespace: namespace),
            query: [("fieldManager", Self.fieldManager)],
            body: Array(try JSONEncoder().encode(EventBody(event, name: name, namespace: namespace))),
            purpose: resource.purpose("create", nil, namespace))
        _ = try await sendOnce(request)
    }
}

private struct EventBody: Encodable {
    struct Metadata: Encodable {
        var name: String
        var namespace: String
    }

    struct Reference: Encodable {
        let apiVersion = "apps/v1"
        var kind: String
        var namespace: String
        var name: String
        var uid: String
    }

    struct Source: Encodable { let component = "descry" }

    let apiVersion = "v1"
    let kind = "Event"
    let count = 1
    /// What `events.k8s.io/v1` calls `reportingController`: a name with the domain of its maker.
    let reportingComponent = "descry.dev/descry"
    let source = Source()
    var metadata: Metadata
    var involvedObject: Reference
    var type: String
    var reason: String
    var message: String
    var firstTimestamp: String
    var lastTimestamp: String

    init(_ event: KubernetesEvent, name: String, namespace: String) {
        metadata = Metadata(name: name, namespace: namespace)
        involvedObject = Reference(
            kind: event.workload.kind.rawValue, namespace: namespace, name: event.workload.name, uid: event.uid)
        type = event.severity.rawValue
        reason = event.reason
        message = event.message
        let time = event.time.formatted(.iso8601)
        firstTimestamp = time
        lastTimestamp = time
    }
}
