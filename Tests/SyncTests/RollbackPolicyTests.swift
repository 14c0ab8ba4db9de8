import Reconciling
import Reporting
import TestServers
import Testing

/// One descriptor commit is one transaction, whatever its size and whichever app fails. ClusterTests prove the same on the real
/// API server for fewer shapes.
@Suite(.timeLimit(.minutes(5))) struct RollbackPolicyTests {
    typealias Scene = SandboxScene

    private static func names(_ count: Int) -> [String] { (0..<count).map { "app-\($0)" } }

    /// A chain of waves of one, two or ten apps each, so that what comes before, beside and after the failure all occur.
    private static func apps(_ count: Int, failing: Int?, width: Int) -> [(String, String)] {
        names(count).enumerated().map { index, name in
            let version = index == failing ? Fate.pullFails.version("1.1.0") : Scene.second
            return (name, version + (index < width ? "" : ", after: [app-\(index - width)]"))
        }
    }

    @Test(arguments: [(1, 1, [0]), (10, 2, Array(0..<10)), (50, 10, [0, 25, 49])])
    func `with rollback everything is as before, wherever the failure was`(
        count: Int, width: Int, positions: [Int]
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for position in positions {
                group.addTask {
                    try await Scene.run(Self.names(count)) { scene in
                        let outcome = try await scene.deploy(Self.apps(count, failing: position, width: width))
                        #expect(outcome.status == .rolledBack)
                        let report = outcome.report
                        #expect(report.apps[position].failure?.code == "image-pull")
                        for app in report.apps {
                            let wasChanged = app.outcome != .notStarted
                            #expect((app.rollback?.outcome == .proven) == wasChanged, "\(app.app)")
                        }
                        let images = try await scene.images()
                        #expect(images == Set(Self.names(count).map { "\($0):\(Scene.first)" }))
                    }
                }
            }
        }
    }

    @Test(arguments: [1, 10], 0..<2)
    func `with stop nothing further starts, and what was proven stays`(count: Int, position: Int) async throws {
        let position = min(position, count - 1)
        try await Scene.run(Self.names(count), rollout: "{timeout: 2m, onFailure: stop}") { scene in
            let outcome = try await scene.deploy(Self.apps(count, failing: position, width: 1))
            #expect(outcome.status == .rolloutFailed)
            let outcomes = outcome.report.apps.map(\.outcome)
            #expect(outcomes[position] == .failed)
            #expect(outcomes[..<position].allSatisfy { $0 == .proven })
            #expect(outcomes[(position + 1)...].allSatisfy { $0 == .notStarted })
            #expect(outcome.report.apps.allSatisfy { $0.rollback == nil })
        }
    }

    @Test func `with continue only what comes after the failure is left out`() async throws {
        try await Scene.run(Self.names(10), rollout: "{timeout: 2m, onFailure: continue}") { scene in
            let outcome = try await scene.deploy(Self.apps(10, failing: 2, width: 2))
            #expect(outcome.status == .rolloutFailed)
            // Every even app comes after app-2; the odd ones are a chain of their own.
            let left = outcome.report.apps.filter { $0.outcome == .notStarted }.map(\.app)
            #expect(left == ["app-4", "app-6", "app-8"])
            #expect(outcome.report.apps.count { $0.outcome == .proven } == 6)
        }
    }

    /// With Parallel the controller replaces a broken pod by itself; with OrderedReady Descry has to.
    @Test(arguments: [false, true], [1, 3])
    func `the broken pod is gone at the end`(parallel: Bool, replicas: Int) async throws {
        try await Scene.run(["backend"], replicas: replicas, parallel: parallel) { scene in
            let outcome = try await scene.deploy([("backend", Fate.pullFails.version("1.1.0"))])
            #expect(outcome.status == .rolledBack)
            #expect(outcome.report.apps[0].notes.contains { $0.hasPrefix("replaced the stuck pod") } == !parallel)
            let images = try await scene.images()
            #expect(images == ["backend:\(Scene.first)"])
            let again = try await scene.deploy([("backend", Scene.first)])
            #expect(again.report.outcome == .unchanged, "and the workload is healthy")
        }
    }

    @Test func `a failed version waits for a new descriptor`() async throws {
        try await Scene.run(["backend"]) { scene in
            let first = try await scene.deploy([("backend", Fate.pullFails.version("1.1.0"))])
            #expect(first.status == .rolledBack)
            let second = try await scene.apply()
            #expect(second.status == .refused)
            #expect(second.report.apps[0].failure?.code == "quarantined")
            let retried = try await scene.apply(retries: true)
            #expect(retried.status == .rolledBack)
            let fixed = try await scene.deploy([("backend", Scene.second)])
            #expect(fixed.status == .done)
        }
    }
}
