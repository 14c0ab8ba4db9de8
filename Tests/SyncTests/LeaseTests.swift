import Kubernetes
import LeaseScene
import Logging
import Reconciling
import Sandbox
import Scenes
import TestServers
import Testing

/// One writer an environment: whatever happens to those who want to be it.
@Suite(.timeLimit(.minutes(15))) struct LeaseTests {
    static let rules = [
        AccessRule(
            verbs: ["get", "patch"], group: "coordination.k8s.io", resources: ["leases"], names: ["descry-dev"]),
        AccessRule(verbs: ["create"], group: "coordination.k8s.io", resources: ["leases"]),
        AccessRule(verbs: ["create"], resources: ["configmaps"]),
    ]

    static let environment: Reconciling.Environment = {
        let settings = "environment: DEV\nrepository: /none\nnamespace: shop\nregistry: registry.example.com/shop\n"
        do {
            return try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    /// Each kind of trouble by itself, and all at once, by several sequences of chance. The API server answers 503, resets
    /// connections before it answers a write that it has carried out, and hangs, where faults are among it.
    @Test(
        arguments: [
            [], .kills, .pauses, .calendars, .paces, .faults, .loads, [.loads, .kills], [.loads, .paces, .faults],
            [.kills, .pauses, .calendars, .paces, .faults], [.kills, .pauses, .calendars, .paces, .faults, .loads],
        ] as [LeaseRivals.Trouble], [1, 2] as [UInt64])
    func `there are never two writers`(_ trouble: LeaseRivals.Trouble, seed: UInt64) async throws {
        // A request that hangs stands for one machine's bad moment; any other has all the time that a busy machine takes.
        let timeout = trouble.contains(.faults) ? Duration.milliseconds(500) : .seconds(30)
        try await Self.withCluster(requestTimeout: timeout) { cluster, sandbox in
            let rivals = LeaseRivals(cluster, environment: Self.environment, trouble: trouble, seed: seed) { chance in
                let fault: Faults.Fault =
                    chance < 0.4
                    ? .refusal(503) : chance < 0.6 ? .reset : chance < 0.8 ? .cutBody(afterBytes: 0) : .hang
                sandbox.faults.inject(
                    fault, into: .init(verb: "patch", resource: "leases"), times: chance < 0.6 ? 12 : 3)
            }
            // Leases that last longer are waited for longer.
            let isSlow = trouble.contains(.loads)
            let outcome = await rivals.run(4, for: .seconds(isSlow ? 1800 : 600))
            #expect(outcome.violations.isEmpty, "\(outcome.violations)")
            #expect(outcome.writes > (isSlow ? 50 : 150) && outcome.terms > 3, "\(outcome)")
            // A killed holder is replaced within 15 seconds, where nothing else is wrong.
            if trouble == .kills {
                #expect(outcome.gaps.count > 3)
                #expect(outcome.gaps.allSatisfy { $0 <= .seconds(15) }, "\(outcome.gaps)")
            }
            if trouble == .pauses { #expect(outcome.refused > 0, "a deposed holder tried to write") }
        }
    }

    static func withCluster(
        rules: [AccessRule] = rules, requestTimeout: Duration = .seconds(30),
        _ body: (KubernetesClient, Sandbox) async throws -> Void
    ) async throws {
        try await Sandbox.run { sandbox in
            try sandbox.createNamespace("shop")
            let folder = try TemporaryFolder()
            let account = sandbox.account("holder", namespace: "shop", rules: rules)
            let path = try folder.write("kubeconfig", sandbox.kubeconfig(for: account))
            var options = ClientOptions(version: "0.0.0-test")
            options.requestTimeout = requestTimeout
            options.retries.firstPause = .milliseconds(1)
            let client = KubernetesClient(
                configuration: try .kubeconfig(paths: [path]), options: options, logger: SandboxScene.silent)
            do { try await body(client, sandbox) } catch {
                try await client.close()
                throw error
            }
            try await client.close()
        }
    }
}
