import Kubernetes
import Reconciling
import Scenes
import Testing

@testable import Sandbox

/// What becomes of one holder: its lease is given back however its work ends, and where it goes to somebody else nothing more is
/// written.
@Suite(.timeLimit(.minutes(15))) struct LeaseHoldingTests {
    private static func lease(
        _ cluster: KubernetesClient, _ identity: String = "me", claim: LeaseClaim = .command
    ) -> EnvironmentLease {
        var timing = LeaseTiming()
        // Longer than a busy machine takes to read the lease and write it: else whoever asks for it is always behind.
        timing.renewal = .milliseconds(200)
        timing.look = .milliseconds(20)
        timing.spread = .zero
        timing.release = .seconds(30)
        return EnvironmentLease(
            cluster: cluster, environment: LeaseTests.environment, holder: LeaseHolder(identity: identity),
            claim: claim, timing: timing, logger: SandboxScene.silent)
    }

    private static func stored(_ cluster: KubernetesClient) async throws -> Lease? {
        try await cluster.lease("descry-dev", namespace: "shop")
    }

    private struct Unwell: Error, Equatable {}

    /// Never comes to an end by itself.
    private static func untilCancelled() async {
        let (never, continuation) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        continuation.finish()
    }

    @Test func `it is given back when the work ends, well or not, or is interrupted`() async throws {
        try await LeaseTests.withCluster { cluster, _ in
            try await Self.lease(cluster).whileHeld(patience: .zero) { held in
                #expect(try await Self.stored(cluster)?.term.holder == "me")
                try held.check()
            }
            #expect(try await Self.stored(cluster)?.term.holder == "")
            await #expect(throws: Unwell()) {
                try await Self.lease(cluster).whileHeld(patience: .zero) { _ in throw Unwell() }
            }
            #expect(try await Self.stored(cluster)?.term.holder == "")
            let (working, started) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await Self.lease(cluster).whileHeld(patience: .zero) { held in
                    started.finish()
                    await Self.untilCancelled()
                    // What an interrupted pass still has to write is written under the lease.
                    try held.check()
                }
            }
            for await _ in working {}
            task.cancel()
            try await task.value
            let lease = try await Self.stored(cluster)
            #expect(lease?.term.holder == "" && lease?.term.transitions == 2)
        }
    }

    @Test func `a deposed holder is cancelled, and its writes are not sent`() async throws {
        try await LeaseTests.withCluster { cluster, sandbox in
            let work = Task {
                try await Self.lease(cluster).whileHeld(patience: .zero) { held in
                    guard var stolen = try await Self.stored(cluster) else { return "no lease" }
                    // As one that has waited for long enough would take it; a renewal may come in between.
                    while stolen.term.holder == "me" {
                        let seen = stolen
                        stolen.term.holder = "thief"
                        do {
                            stolen = try await cluster.write(stolen, over: seen, namespace: "shop")
                        } catch let error as KubernetesError where error.code == "conflict" {
                            stolen = try await Self.stored(cluster) ?? seen
                        }
                    }
                    await Self.untilCancelled()
                    do {
                        _ = try await held.guarding(cluster).write(
                            ConfigMap(name: "late"), over: ConfigMap(name: "late"), namespace: "shop")
                        return "sent"
                    } catch let error as KubernetesError {
                        return error.code
                    }
                }
            }
            do {
                Issue.record("the work's end is of no use: \(try await work.value)")
            } catch LeaseDenied.lost(let holder, let environment) {
                #expect(holder == "thief" && environment == "DEV")
            }
            #expect(try await Self.stored(cluster)?.term.holder == "thief", "what is another's is not given back")
            let free = try sandbox.create(
                ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "late"]], namespace: "shop")
            #expect(free["metadata", "name"] == "late", "nobody has made it before")
        }
    }

    @Test func `a lease that somebody deletes is made again`() async throws {
        try await LeaseTests.withCluster { cluster, sandbox in
            try await Self.lease(cluster).whileHeld(patience: .zero) { held in
                let before = try await Self.stored(cluster)
                _ = try sandbox.store.remove(ObjectKey(resource: .leases, namespace: "shop", name: "descry-dev"))
                var now: Lease?
                while now == nil { now = try await Self.stored(cluster) }
                #expect(now?.term.holder == "me" && now?.term.acquired == before?.term.acquired)
                try held.check()
            }
        }
    }

    /// Two of one name, such as two runs by a careless hand, are two.
    @Test func `one who comes later is told who holds it`() async throws {
        try await LeaseTests.withCluster { cluster, _ in
            try await Self.lease(cluster).whileHeld(patience: .zero) { _ in
                for identity in ["other", "me"] {
                    do {
                        try await Self.lease(cluster, identity).whileHeld(patience: .zero) { _ in }
                        Issue.record("there are two holders")
                    } catch LeaseDenied.held(let holder, _) {
                        #expect(holder == "me")
                    }
                }
            }
        }
    }

    /// Rights that lack one of the three verbs: a command goes on without lock and says so, a replica does not.
    @Test(arguments: [["patch", "create"], ["get", "patch"], []])
    func `a token that may not keep it`(verbs: [String]) async throws {
        let rules = [AccessRule(verbs: verbs, group: "coordination.k8s.io", resources: ["leases"])]
        try await LeaseTests.withCluster(rules: rules) { cluster, _ in
            let note = try await Self.lease(cluster).whileHeld(patience: .zero) { held in
                #expect(!held.isGuarded)
                try held.check()
                return held.note
            }
            #expect(note?.contains("Lease descry-dev") == true)
            do {
                try await Self.lease(cluster, claim: .replica(upSince: .now)).whileHeld(patience: .zero) { _ in }
                Issue.record("a replica has no lock")
            } catch LeaseDenied.forbidden(let error) {
                #expect(error.status == 403)
            }
        }
    }

    /// The one who asks is served before others who wait as well.
    @Test func `it is handed over to the one who asked`() async throws {
        try await LeaseTests.withCluster { cluster, _ in
            let order = try await withThrowingTaskGroup(of: String.self) { group in
                let (held, holding) = AsyncStream<Void>.makeStream()
                group.addTask {
                    try await Self.lease(cluster, "loop", claim: .replica(upSince: .now)).whileHeld(patience: nil) {
                        lease in
                        holding.finish()
                        for await asker in lease.requests { return "loop for \(asker)" }
                        return "loop for nobody"
                    }
                }
                for await _ in held {}
                group.addTask {
                    try await Self.lease(cluster, "other", claim: .replica(upSince: .now)).whileHeld(patience: nil) {
                        _ in
                        "other"
                    }
                }
                group.addTask { try await Self.lease(cluster, "jenkins").whileHeld(patience: nil) { _ in "jenkins" } }
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(Set(order) == ["loop for jenkins", "jenkins", "other"])
            #expect(order.last == "other")
            #expect(try await Self.stored(cluster)?.annotations == [:])
        }
    }
}
