import Reconciling
import Reporting
import Scenes
import TestServers
import Testing

/// One descriptor commit is one transaction, whatever its size and whichever app fails. ClusterTests prove the same on the real
/// API server for fewer shapes.
@Suite(.timeLimit(.minutes(20))) struct RollbackPolicyTests {
    typealias Scene = SandboxScene

    private static func names(_ count: Int) -> [String] { (0..<count).map { "app-\($0)" } }

    /// A chain of waves of one, two or ten apps each, so that what comes before, beside and after the failure all occur.
    private static func apps(_ count: Int, failing: Int?, width: Int) -> [(String, String)] {
        names(count).enumerated().map { index, name in
            let version = index == failing ? Fate.pullFails.version("1.1.0") : Scene.second
            return (name, version + (index < width ? "" : ", after: [app-\(index - width)]"))
        }
    }

    @Test(arguments: shapes)
    func `with rollback everything is as before, wherever the failure was`(
        count: Int, width: Int, positions: [Int]
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for position in positions {
                group.addTask {
                    try await Scene.run(Self.names(count)) { scene in
                        try await Self.expectRollback(scene, count, failing: position, width: width)
                    }
                }
            }
        }
    }

    /// Each position of fifty. Since everything is as before afterwards, one scene does for many; with `stop` and `continue`
    /// FailurePositionTests try each position.
    @Test(arguments: 0..<4)
    func `with rollback and fifty apps, whichever fails`(part: Int) async throws {
        try await Scene.run(Self.names(50), delay: .zero) { scene in
            for position in stride(from: part, to: 50, by: 4) {
                try await Self.expectRollback(scene, 50, failing: position, width: 10)
            }
        }
    }

    private static func expectRollback(_ scene: Scene, _ count: Int, failing position: Int, width: Int) async throws {
        let outcome = try await scene.deploy(apps(count, failing: position, width: width))
        #expect(outcome.status == .rolledBack, "\(position)")
        let report = outcome.report
        #expect(report.apps[position].failure?.code == "image-pull", "\(position)")
        for (index, app) in report.apps.enumerated() {
            let wasChanged = app.outcome != .notStarted
            #expect((app.rollback?.outcome == .proven) == wasChanged, "\(app.app) of \(position)")
            if comes(index, after: position, width: width) { #expect(app.outcome == .notStarted, "\(app.app)") }
        }
        #expect(try await scene.images() == Set(names(count).map { "\($0):\(Scene.first)" }), "\(position)")
    }

    /// One app alone, ten with the failure at each of them, and fifty with it in the first, a middle and the last wave.
    private static let shapes: [(count: Int, width: Int, positions: [Int])] = [
        (1, 1, [0]), (10, 2, Array(0..<10)), (50, 10, [0, 25, 49]),
    ]

    /// What comes, however far, after the app at the position, which is all of its own chain.
    private static func comes(_ index: Int, after position: Int, width: Int) -> Bool {
        index > position && (index - position).isMultiple(of: width)
    }

    @Test(arguments: shapes)
    func `with stop nothing further starts, and what was proven stays`(
        count: Int, width: Int, positions: [Int]
    ) async throws {
        try await Self.each(positions, of: count, onFailure: "stop") { scene, position in
            let outcome = try await scene.deploy(Self.apps(count, failing: position, width: width))
            #expect(outcome.status == .rolloutFailed)
            let apps = outcome.report.apps
            #expect(apps[position].failure?.code == "image-pull")
            #expect(apps.allSatisfy { $0.rollback == nil })
            for (index, app) in apps.enumerated() where index != position {
                // Chains beside it come as far as they have come by then, and what is under way goes on to its end.
                let isBefore = Self.comes(position, after: index, width: width)
                let isAfter = Self.comes(index, after: position, width: width)
                let possible: Set<AppReport.Outcome> =
                    isBefore || index < width ? [.proven] : isAfter ? [.notStarted] : [.proven, .notStarted]
                #expect(possible.contains(app.outcome), "\(app.app): \(app.outcome)")
            }
            try await Self.expectImages(scene, apps)
        }
    }

    @Test(arguments: shapes)
    func `with continue only what comes after the failure is left out`(
        count: Int, width: Int, positions: [Int]
    ) async throws {
        try await Self.each(positions, of: count, onFailure: "continue") { scene, position in
            let outcome = try await scene.deploy(Self.apps(count, failing: position, width: width))
            #expect(outcome.status == .rolloutFailed)
            let apps = outcome.report.apps
            for (index, app) in apps.enumerated() {
                let isAfter = Self.comes(index, after: position, width: width)
                #expect(app.outcome == (index == position ? .failed : isAfter ? .notStarted : .proven), "\(app.app)")
                #expect(app.rollback == nil)
            }
            try await Self.expectImages(scene, apps)
        }
    }

    /// It goes back alone where the others would have gone back with it.
    @Test(arguments: shapes, ["rollback", "stop"])
    func `an app that is not critical fails alone`(
        shape: (count: Int, width: Int, positions: [Int]), onFailure: String
    ) async throws {
        let (count, width, positions) = shape
        try await Self.each(positions, of: count, onFailure: onFailure) { scene, position in
            var descriptor = Self.apps(count, failing: position, width: width)
            descriptor[position].1 += ", critical: false"
            let outcome = try await scene.deploy(descriptor)
            // Alone it is all that was written, and with rollback all of it is back.
            #expect(outcome.status == (count == 1 && onFailure == "rollback" ? .rolledBack : .rolloutFailed))
            let apps = outcome.report.apps
            for (index, app) in apps.enumerated() {
                let isAfter = Self.comes(index, after: position, width: width)
                #expect(app.outcome == (index == position ? .failed : isAfter ? .notStarted : .proven), "\(app.app)")
                #expect((app.rollback?.outcome == .proven) == (index == position && onFailure == "rollback"))
            }
            try await Self.expectImages(scene, apps)
        }
    }

    /// Each position with a scene of its own, side by side.
    private static func each(
        _ positions: [Int], of count: Int, onFailure: String,
        _ body: @escaping @Sendable (Scene, Int) async throws -> Void
    ) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for position in positions {
                group.addTask {
                    try await Scene.run(names(count), rollout: "{timeout: 2m, onFailure: \(onFailure)}") { scene in
                        try await body(scene, position)
                    }
                }
            }
        }
    }

    /// What was written and not taken back is in the cluster, and nothing else.
    private static func expectImages(_ scene: Scene, _ apps: [AppReport]) async throws {
        let expected = apps.map { app in
            app.outcome == .notStarted || app.rollback != nil ? "\(app.app):\(Scene.first)" : "\(app.app):\(app.to)"
        }
        #expect(try await scene.images() == Set(expected))
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
