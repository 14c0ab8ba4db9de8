import TestServers
import Testing

/// What becomes of the others when an app fails, by the environment's policy: the failing app at each position of three waves.
/// RollbackTests have the policy `rollback`; SyncTests have ten and fifty apps on the sandbox.
@Suite(.enabled(if: ControlPlane.requirement.isToRun, "\(ControlPlane.requirement)"), .timeLimit(.minutes(15)))
struct PolicyTests {
    typealias Scene = DeploymentScene

    private static let names = ["first", "second", "beside", "third"]
    private static let after = ["", ", after: [first]", ", after: [first]", ", after: [second, beside]"]
    /// Those that come after the app at the position, however far.
    private static let behind = [["second", "beside", "third"], ["third"], ["third"], []]

    /// Each policy, and how the app itself ends that is not critical. With `stop` whatever is under way goes on.
    @Test(arguments: 0..<4, [("stop", true), ("continue", true), ("rollback", false), ("stop", false)])
    func `only what comes after the failed app is left out`(
        position: Int, policy: (onFailure: String, isCritical: Bool)
    ) async throws {
        let failing = Self.names[position]
        try await Scene.run(Self.names.map { Scene.workload($0) }) { scene in
            try scene.environment("DEV", replacing: ["rollout": "{timeout: 60s, onFailure: \(policy.onFailure)}"])
            let apps = zip(Self.names, Self.after).map { name, after in
                let isFailing = name == failing
                let version = isFailing ? Fate.pullFails.version("1.1.0") : Scene.second
                return (name, version + after + (isFailing && !policy.isCritical ? ", critical: false" : ""))
            }
            let run = try await scene.deploy(apps)
            // Alone at the head of all it is all that was written.
            let isAllBack = position == 0 && !policy.isCritical && policy.onFailure == "rollback"
            #expect(run.exitCode == (isAllBack ? 3 : 4), "\(run)")
            let report = try run.pass()
            #expect(report[failing]?.failure?.code == "image-pull")
            let goesBack = policy.onFailure == "rollback"
            for name in Self.names {
                let isLeftOut = Self.behind[position].contains(name)
                #expect(
                    report[name]?.outcome == (name == failing ? "failed" : isLeftOut ? "notStarted" : "proven"),
                    "\(name): \(run)")
                #expect(report[name]?.rollback?.outcome == (name == failing && goesBack ? "proven" : nil), "\(name)")
                let runs = isLeftOut || (name == failing && goesBack) ? Scene.first : apps.first { $0.0 == name }?.1
                let version = try #require(runs?.prefix { $0 != "," })
                #expect(try await scene.image("statefulset/\(name)") == "\(Scene.registry)/\(name):\(version)")
            }
        }
    }
}
