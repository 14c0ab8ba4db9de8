import Synchronization

/// How many environments a replica has at each API server: its own, and those that it would take over if the other replicas were
/// lost. Their leases share what the API server takes (``LeaseTiming/sharing(_:)``).
final class LeaseCounts: Sendable {
    private let counts = Mutex<[ClusterSettings.Address: Int]>([:])

    /// From now on it has these.
    func set(_ environments: some Sequence<Environment>) {
        let new = environments.reduce(into: [:]) { $0[$1.cluster.address, default: 0] += 1 }
        counts.withLock { $0 = new }
    }

    /// Those at the API server of this one.
    func count(beside environment: Environment) -> Int {
        counts.withLock { $0[environment.cluster.address] ?? 1 }
    }
}

extension ClusterSettings {
    /// Which API server it is, as far as the settings tell: those with tokens of their own for the same one do not differ.
    struct Address: Sendable, Hashable {
        let server: String?
        let kubeconfig: String?
        let context: String?
    }

    var address: Address { Address(server: server, kubeconfig: kubeconfig, context: context) }
}
