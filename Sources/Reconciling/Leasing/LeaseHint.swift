import Kubernetes

/// Tells whoever holds an environment's lease that something may have changed, such as by a webhook that reached another replica.
///
/// The hint is an annotation on the Lease itself: who may write the lease needs no right beside it, and replicas no address of each
/// other. Its holder finds it with the next renewal, which takes it away. As long as it is there nobody writes it anew, so that there are
/// no more hints than renewals, however many replicas hear of however many changes.
struct LeaseHint: Sendable {
    /// Holds when the hint was written: for people.
    static let annotation = "descry.dev/wake"

    /// How often the holder may come in between.
    private static let attempts = 5

    let lease: EnvironmentLease

    /// - Returns: who is told; nil where nobody else holds the lease. Whoever takes it then looks anyway.
    /// - Throws: `KubernetesError`. The hint is lost then, which costs a poll's interval.
    func give() async throws -> String? {
        var attempt = 0
        while true {
            attempt += 1
            // The newest: one that a copy still shows may have been read already.
            guard let seen = try await lease.cluster.lease(lease.name, namespace: lease.namespace),
                !seen.term.holder.isEmpty, seen.term.holder != lease.holder.identity
            else { return nil }
            if seen.annotations[Self.annotation] != nil { return seen.term.holder }
            var hinting = seen
            hinting.annotations[Self.annotation] = MicroTime(lease.time.date()).description
            do {
                _ = try await lease.cluster.write(hinting, over: seen, namespace: lease.namespace)
                return seen.term.holder
            } catch let error as KubernetesError where [404, 409].contains(error.status) && attempt < Self.attempts {
                continue
            }
        }
    }
}
