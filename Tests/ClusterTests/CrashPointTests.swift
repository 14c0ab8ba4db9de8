import Reconciling
import Synchronization
import TestServers
import Testing

/// The real `descry`, killed by `kill -9` right before and right after each of its writes to a real API server: the next run must
/// end where an uninterrupted one would. SyncTests have more shapes, on the sandbox.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct CrashPointTests {
    typealias Scene = DeploymentScene

    /// All that a deployment may change, with the commit by a name of its own.
    private struct End: Sendable, Hashable {
        var exitCode: Int32
        var state: String
        var outcome: String?

        init(_ scene: Scene, _ run: DescryBinary.Run, commit: String) async throws {
            exitCode = run.exitCode
            let sets = try await scene.namespace.kubectl([
                "get", "statefulsets",
                #"--output=jsonpath={range .items[*]}{.metadata.name} {.spec.template.spec.containers[0].image} {.spec.updateStrategy} {.metadata.annotations}{"\n"}{end}"#,
            ])
            let pods = try await scene.namespace.kubectl([
                "get", "pods",
                #"--output=jsonpath={range .items[*]}{.metadata.name} {.spec.containers[0].image} {.status.containerStatuses[0].ready}{"\n"}{end}"#,
            ])
            state = (sets + pods).replacing(commit, with: "COMMIT").replacing(commit.prefix(12), with: "COMMIT")
            outcome = try await scene.history().last?.outcome
        }
    }

    private static func run<Value: Sendable>(_ body: @escaping @Sendable (Scene) async throws -> Value) async throws
        -> Value
    {
        let result = Mutex<Value?>(nil)
        try await Scene.run(["backend", "frontend"].map { Scene.workload($0) }) { scene in
            let value = try await body(scene)
            result.withLock { $0 = value }
        }
        return try #require(result.withLock { $0 })
    }

    private static func commit(_ apps: [(String, String)], _ scene: Scene) async throws -> String {
        try await scene.commit("apps:\n" + apps.map { "  - {name: \($0.0), version: \($0.1)}\n" }.joined())
    }

    /// The environment's API server is a gate for as long as the body runs.
    private static func through<Value: Sendable>(
        _ moment: WriteGate.Moment, _ scene: Scene, _ body: @Sendable (WriteGate) async throws -> Value
    ) async throws -> Value {
        let value = try await WriteGate.run(scene.plane, moment) { gate in
            let cluster =
                "{server: \"\(gate.server)\", certificateAuthority: \"\(gate.certificateAuthority)\", "
                + "tokenFile: \"\(scene.tokenFile)\"}"
            try scene.environment("DEV", replacing: ["cluster": cluster])
            return try await body(gate)
        }
        try scene.environment("DEV")
        return value
    }

    @Test(arguments: [true, false])
    func `killed before and after each write`(isGood: Bool) async throws {
        let apps = [
            ("backend", Scene.second),
            ("frontend", (isGood ? Scene.second : Fate.pullFails.version("1.1.0")) + ", after: [backend]"),
        ]
        let (writes, end) = try await Self.run { scene in
            let commit = try await Self.commit(apps, scene)
            let (run, writes) = try await Self.through(.never, scene) { gate in
                (try await scene.apply(), gate.writes)
            }
            return (writes, try await End(scene, run, commit: commit))
        }
        #expect(end.exitCode == (isGood ? 0 : 3), "\(end)")
        // The history, both apps, and the history again; both back, and the broken pod.
        try #require(writes.count >= (isGood ? 4 : 7), "\(writes)")

        let moments = (1...writes.count).flatMap { [WriteGate.Moment.before($0), .after($0)] }
        let tried = try await concurrentMap(moments, limit: 6) { moment in
            try await Self.run { scene in
                let commit = try await Self.commit(apps, scene)
                let (isReached, done) = try await Self.through(moment, scene) { gate in
                    let arguments = ["apply", "DEV", "--environments", scene.folder.path]
                    try await scene.descry.killed(arguments) { await gate.untilReached() }
                    return (gate.isReached, gate.writes)
                }
                var expected = end
                // The history says already that this descriptor has failed, and only the lease was still to be given back.
                if !isGood, done.contains(where: { $0.hasPrefix("PATCH configmaps/") }) { expected.exitCode = 65 }
                let run = try await scene.apply()
                let found = try await End(scene, run, commit: commit)
                #expect(found == expected, "killed \(moment) of \(writes), after \(done): \(run)")
                return isReached
            }
        }
        #expect(tried.allSatisfy { $0 }, "every write was a crash point: \(writes)")
    }
}
