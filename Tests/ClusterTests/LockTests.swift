import Kubernetes
import LeaseScene
import Logging
import Reconciling
import TestServers
import Testing

/// One writer an environment, on the real API server: the replicas of LeaseRivals, and `descry apply` beside a holder.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct LockTests {
    typealias Scene = DeploymentScene

    /// As in SyncTests, where the API server has its faults too.
    @Test(arguments: [.kills, [.kills, .pauses, .calendars, .paces]] as [LeaseRivals.Trouble])
    func `there are never two writers`(_ trouble: LeaseRivals.Trouble) async throws {
        try await ControlPlane.shared().withNamespace("rivals") { namespace in
            let account = try await namespace.account("holder", rules: PolicyRule.deployer)
            let token = try await account.token(expirationSeconds: 4 * 3600)
            try await namespace.controlPlane.withClient(token: token) { cluster in
                let rivals = LeaseRivals(
                    cluster, environment: try Self.environment(namespace.name), trouble: trouble, seed: 1)
                let outcome = await rivals.run(4, for: .seconds(300))
                #expect(outcome.violations.isEmpty, "\(outcome.violations)")
                #expect(outcome.writes > 50 && outcome.terms > 3, "\(outcome)")
                if trouble == .kills {
                    #expect(!outcome.gaps.isEmpty && outcome.gaps.allSatisfy { $0 <= .seconds(15) }, "\(outcome.gaps)")
                }
            }
        }
    }

    private static func environment(_ namespace: String) throws -> Reconciling.Environment {
        let settings =
            "environment: DEV\nrepository: /none\nnamespace: \(namespace)\nregistry: registry.example.com/shop\n"
        return try EnvironmentSettings.parse(Array(settings.utf8), file: "DEV.yaml").resolve(name: "DEV")
    }

    /// Holds DEV of the scene as a replica of the loop does.
    private static func holding<R: Sendable>(
        _ scene: Scene, _ body: @escaping @Sendable (HeldLease) async throws -> R
    ) async throws -> R {
        try await scene.plane.withClient(token: scene.token) { cluster in
            let lease = EnvironmentLease(
                cluster: cluster, environment: try environment(scene.namespace.name),
                holder: LeaseHolder(identity: "replica-1"), claim: .replica(upSince: .now),
                logger: TestOutput.logger)
            return try await lease.whileHeld(patience: nil, body)
        }
    }

    @Test func `a held environment is not written to, and who holds it is told`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            try await Self.holding(scene) { held in
                #expect(held.isGuarded && held.note == nil)
                let run = try await scene.apply("--lock-timeout", "0")
                #expect(run.exitCode == 75, "\(run)")
                #expect(run.errors.contains("error[locked]: DEV is held by replica-1"), "\(run)")
                // Who does not wait does not ask either.
                #expect(try await scene.field("lease/descry-dev", ".metadata.annotations") == "")
                for command in [("plan", []), ("apply", ["--dry-run"])] as [(String, [String])] {
                    let run = try await scene.run(command.0, "DEV", command.1)
                    #expect(run.exitCode == 0, "only writers take the lock: \(run)")
                }
            }
            #expect(try await scene.writes().isEmpty)
            #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity") == "")
            let run = try await scene.apply("--lock-timeout", "0")
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass().outcomes == ["backend": "proven"])
            #expect(try await scene.field("lease/descry-dev", ".spec.holderIdentity") == "")
            #expect(try await scene.field("lease/descry-dev", ".spec.leaseTransitions") == "1")
        }
    }

    /// A replica that has nothing to do hands over to the one who asks.
    @Test func `apply asks for the environment, and gets it`() async throws {
        try await Scene.run([Scene.workload("backend")]) { scene in
            try await scene.commit(("backend", Scene.second))
            let (held, holding) = AsyncStream<Void>.makeStream()
            async let asker = Self.holding(scene) { lease in
                holding.finish()
                for await asker in lease.requests { return asker }
                return ""
            }
            for await _ in held {}
            let run = try await scene.run(
                "apply", "DEV", [], variables: ["BUILD_URL": "https://ci.example.com/job/shop/7/"])
            #expect(run.exitCode == 0, "\(run)")
            #expect(run.output.contains("note: waiting for replica-1, which holds DEV\n"), "\(run)")
            #expect(try await asker.hasPrefix("https://ci.example.com/job/shop/7/"))
            #expect(try await scene.field("lease/descry-dev", ".metadata.annotations") == "")
        }
    }

    @Test func `a token that may not keep the lock deploys all the same, and says so once`() async throws {
        try await Scene.run([Scene.workload("backend")], rules: PolicyRule.smallest) { scene in
            let run = try await scene.deploy(("backend", Scene.second))
            #expect(run.exitCode == 0, "\(run)")
            #expect(try run.pass().notes.count { $0.contains("may not keep the lock") } == 1)
            #expect(run.errors.split(separator: "\n").count { $0.contains("may not keep the lock") } == 1)
        }
    }

    @Test func `two runs at once deploy one after the other`() async throws {
        try await Scene.run([Scene.workload("backend", replicas: 2)]) { scene in
            try await scene.commit(("backend", Fate.readyLate.version("1.1.0")))
            async let first = scene.run("apply", "DEV", ["-o", "json", "--cache", "\(scene.folder.path)/one"])
            async let second = scene.run("apply", "DEV", ["-o", "json", "--cache", "\(scene.folder.path)/two"])
            let runs = try await [first, second]
            #expect(runs.map(\.exitCode) == [0, 0], "\(runs)")
            #expect(Set(try runs.map { try $0.pass().outcome }) == ["proven", "unchanged"], "\(runs)")
            #expect(try await scene.patched() == ["backend"])
        }
    }
}
