import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing

@testable import Reconciling

/// A newer commit ends the wait for an older one at once, and is planned from what is running then.
@Suite(.timeLimit(.minutes(15))) struct FollowTests {
    typealias Scene = SandboxScene

    private static let interval = Duration.milliseconds(50)
    private static let stuck = Fate.neverReady.version("1.1.0")

    /// What the first pass waits for never comes; `push` is done once it waits.
    private static func following(
        _ scene: Scene, _ push: @escaping @Sendable () async throws -> Void
    ) async throws -> (outcome: Sync.Outcome, preempted: [SyncReport]) {
        let preempted = Mutex<[SyncReport]>([])
        let (waits, wait) = AsyncStream<Void>.makeStream()
        let pass = Task {
            try await scene.apply(
                follow: interval,
                progress: { event in
                    if case .app(let app) = event, app.pods?.updated ?? 0 > 0 { wait.yield() }
                }, preempted: { outcome in preempted.withLock { $0.append(outcome.report) } })
        }
        for await _ in waits { break }
        try await push()
        let outcome = try await pass.value
        return (outcome, preempted.withLock { $0 })
    }

    @Test func `the fix does not wait for what it mends`() async throws {
        try await Scene.run(["backend", "frontend"], replicas: 2, rollout: "{timeout: 1h, replaceStuckPods: always}") {
            scene in
            try await scene.commit([("backend", Self.stuck), ("frontend", Scene.second + ", after: [backend]")])
            let (outcome, preempted) = try await Self.following(scene) {
                try await scene.commit([("backend", Scene.second), ("frontend", Scene.second + ", after: [backend]")])
            }
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(preempted.count == 1 && preempted.first?.outcome == .preempted)
            #expect(preempted.first?.preemptedBy == outcome.report.commit)
            #expect(preempted.first?.apps.map(\.outcome) == [.preempted, .preempted])
            #expect(try await scene.images() == ["backend:\(Scene.second)", "frontend:\(Scene.second)"])
            #expect(try await scene.history().map(\.outcome).prefix(2) == [.proven, .preempted])
        }
    }

    /// Neither commit was ever good, so both are taken back.
    @Test func `a newer commit that fails goes back to before both`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: "{timeout: 1h, replaceStuckPods: always}") { scene in
            try await scene.commit([("backend", Self.stuck), ("frontend", Scene.second)])
            let (outcome, _) = try await Self.following(scene) {
                try await scene.commit([("backend", Fate.pullFails.version("1.2.0")), ("frontend", Scene.second)])
            }
            #expect(outcome.status == .rolledBack, "\(outcome.report)")
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
        }
    }

    /// A descriptor that is refused, and a commit that changes something else, are no reason to stop waiting.
    @Test func `only a commit that can be deployed and says something else ends the wait`() async throws {
        try await Scene.run(["backend"], rollout: "{timeout: 1h, replaceStuckPods: always}") { scene in
            let notes = Mutex<[String]>([])
            let (refusals, refusal) = AsyncStream<Void>.makeStream()
            let (waits, wait) = AsyncStream<Void>.makeStream()
            try await scene.commit([("backend", Self.stuck)])
            let pass = Task {
                try await scene.apply(follow: Self.interval) { event in
                    if case .app(let app) = event, app.pods?.updated ?? 0 > 0 { wait.yield() }
                    guard case .note(let note) = event else { return }
                    notes.withLock { $0.append(note) }
                    if note.contains("cannot be deployed") { refusal.yield() }
                }
            }
            for await _ in waits { break }
            try await scene.commit([("backend", Self.stuck)], beside: ["README.md": .text("About this branch")])
            try await scene.commit([("backend", "latest")])
            for await _ in refusals { break }
            try await scene.commit([("backend", Scene.second)])
            let outcome = try await pass.value
            #expect(outcome.status == .done, "\(outcome.report)")
            #expect(notes.withLock { $0.count { $0.contains("cannot be deployed") } } == 1)
            #expect(try await scene.history().count == 3, "the first, the one that was ended, and the last")
        }
    }
}
