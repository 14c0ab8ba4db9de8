import FoundationEssentials
import NIOHTTP1

/// A `coordination.k8s.io/v1` Lease: who holds something, and until when, if it does not say so again.
///
/// Source: <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/>.
public struct Lease: Sendable, Hashable {
    /// What its holder writes.
    public struct Term: Sendable, Hashable {
        /// Empty where nobody holds it.
        public var holder: String
        /// How long the term lasts from its last renewal on, in seconds; nil where it does not say.
        public var seconds: Int?
        public var acquired: MicroTime?
        public var renewed: MicroTime?
        /// How often it went to another holder.
        public var transitions: Int

        public init(
            holder: String, seconds: Int? = nil, acquired: MicroTime? = nil, renewed: MicroTime? = nil,
            transitions: Int = 0
        ) {
            self.holder = holder
            self.seconds = seconds
            self.acquired = acquired
            self.renewed = renewed
            self.transitions = transitions
        }
    }

    public var name: String
    /// Empty where it does not exist yet.
    public var resourceVersion: String
    public var annotations: [String: String]
    public var term: Term

    public init(
        name: String, resourceVersion: String = "", annotations: [String: String] = [:], term: Term = Term(holder: "")
    ) {
        self.name = name
        self.resourceVersion = resourceVersion
        self.annotations = annotations
        self.term = term
    }
}

/// Kubernetes' `MicroTime`: `2006-01-02T15:04:05.000000Z`, as it is written. Two of different machines are never compared, but
/// for whether they are the same.
public struct MicroTime: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// Always with six digits, without which the API server refuses it.
    public init(_ date: Date) {
        let micros = Int64((date.timeIntervalSince1970 * 1_000_000).rounded(.down))
        let (seconds, rest) = micros.quotientAndRemainder(dividingBy: 1_000_000)
        // Before 1970 the remainder is negative, and the clock wrong.
        let digits = String(1_000_000 + max(rest, 0)).dropFirst()
        let time = Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
        description = "\(time.dropLast()).\(digits)Z"
    }

    init(text: String) { description = text }

    /// The same moment, or if that is not later than `previous`, the microsecond after `previous`: times that a holder writes are all
    /// different, also where its clock stands or goes back. Else one who looks seldom could take two renewals for none.
    public func following(_ previous: MicroTime) -> MicroTime {
        // Both are in UTC and of one length, so their order is that of their texts.
        if description.utf8.count == previous.description.utf8.count, description <= previous.description,
            let micros = Int64(previous.description.dropLast().suffix(6)), let second = previous.second
        {
            return MicroTime(second.addingTimeInterval((Double(micros) + 1.5) / 1_000_000))
        }
        return self
    }

    private var second: Date? {
        do {
            return try Date("\(description.prefix(19))Z", strategy: .iso8601)
        } catch {
            return nil  // no time of ours: anything differs from it
        }
    }
}

extension KubernetesClient {
    private struct Object: ClusterObject {
        struct Spec: Decodable {
            var holderIdentity: String?
            var leaseDurationSeconds: Int?
            var acquireTime: String?
            var renewTime: String?
            var leaseTransitions: Int?
        }

        var metadata: ObjectMetadata
        var spec: Spec?

        func value() -> Lease {
            Lease(
                name: metadata.name, resourceVersion: metadata.resourceVersion ?? "",
                annotations: metadata.annotations ?? [:],
                term: Lease.Term(
                    holder: spec?.holderIdentity ?? "", seconds: spec?.leaseDurationSeconds,
                    acquired: spec?.acquireTime.map(MicroTime.init(text:)),
                    renewed: spec?.renewTime.map(MicroTime.init(text:)), transitions: spec?.leaseTransitions ?? 0))
        }

        static func name(of value: Lease) -> String { value.name }
    }

    /// Which copy of an object is good enough.
    public enum Freshness: Sendable, Hashable {
        /// What etcd has at the moment.
        case newest
        /// What the API server has in memory, which may be a moment old: for those who look often.
        case recent
    }

    /// Nil where there is none of that name.
    public func lease(_ name: String, namespace: String, _ freshness: Freshness = .newest) async throws -> Lease? {
        let resource = Resource.leases
        let request = APIRequest(
            path: resource.path(namespace: namespace, name: name),
            query: freshness == .recent ? [("resourceVersion", "0")] : [],
            purpose: resource.purpose("get", name, namespace))
        do {
            return try decode(Object.self, try await send(request), request.purpose).value()
        } catch let error as KubernetesError where error.code == "not-found" {
            return nil
        }
    }

    /// Makes it where `old` does not exist yet, else writes its term, where that is another one, and what sets its annotations apart
    /// from those of `old`, by a merge patch: whatever else is in the object stays. One attempt: who holds a lease has a plan of his own for failures.
    ///
    /// - Parameter old: as read or written last; nobody may have written it since.
    /// - Returns: as stored, with its new `resourceVersion`.
    /// - Throws: code `conflict` where somebody else wrote it meanwhile, `already-exists`, `not-found`, `forbidden`.
    public func write(_ lease: Lease, over old: Lease, namespace: String) async throws -> Lease {
        let resource = Resource.leases
        let isNew = old.resourceVersion.isEmpty
        var request = APIRequest(
            method: isNew ? .POST : .PATCH, path: resource.path(namespace: namespace, name: isNew ? nil : lease.name),
            query: [("fieldManager", Self.fieldManager)],
            contentType: isNew ? "application/json" : "application/merge-patch+json",
            purpose: resource.purpose(isNew ? "create" : "patch", lease.name, namespace))
        request.body = Array(try JSONEncoder().encode(LeaseBody(lease, over: old)))
        return try decode(Object.self, try await sendOnce(request), request.purpose).value()
    }
}

/// The whole object where it is new, else a merge patch with the `resourceVersion` as its precondition (RFC 7386: a key that is
/// null is removed).
private struct LeaseBody: Encodable {
    struct Metadata: Encodable {
        var name: String
        var resourceVersion: String?
        var annotations: [String: String?]?
    }

    struct Spec: Encodable {
        var holderIdentity: String
        var leaseDurationSeconds: Int?
        var acquireTime: String?
        var renewTime: String?
        var leaseTransitions: Int
    }

    let apiVersion = "coordination.k8s.io/v1"
    let kind = "Lease"
    var metadata: Metadata
    var spec: Spec?

    init(_ lease: Lease, over old: Lease) {
        var annotations: [String: String?] = lease.annotations.filter { old.annotations[$0.key] != $0.value }
        for key in old.annotations.keys where lease.annotations[key] == nil {
            annotations.updateValue(nil, forKey: key)
        }
        metadata = Metadata(
            name: lease.name, resourceVersion: old.resourceVersion.isEmpty ? nil : old.resourceVersion,
            annotations: annotations.isEmpty ? nil : annotations)
        guard old.resourceVersion.isEmpty || lease.term != old.term else { return }
        spec = Spec(
            holderIdentity: lease.term.holder, leaseDurationSeconds: lease.term.seconds,
            acquireTime: lease.term.acquired?.description, renewTime: lease.term.renewed?.description,
            leaseTransitions: lease.term.transitions)
    }
}
