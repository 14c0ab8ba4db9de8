import FoundationEssentials
import Kubernetes
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing
import Workloads

@testable import Reconciling

/// Outside of its windows an environment is kept as it was deployed last: changes wait, drift is put right, and a person may put
/// the windows aside for a reason.
@Suite(.timeLimit(.minutes(15))) struct WindowTests {
    typealias Scene = SandboxScene

    /// A Monday, in UTC: the window is open from eight to five.
    private static let settings = "windows: [{allow: \"Mon-Fri 08:00-17:00\"}]"
    private static let opening = Date(timeIntervalSince1970: 1_795_420_800)
    // Closures and not functions: of two functions that are given as closures in one test, one of them in #expect, Swift 6.3 takes
    // the first for both.
    private static let inside: @Sendable () -> Date = { opening + 3600 }
    private static let outside: @Sendable () -> Date = { opening - 3600 }

    @Test func `a change waits until the window opens`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([("backend", Scene.second), ("frontend", Scene.first)])
            let waiting = try await scene.apply(now: Self.outside)
            #expect(waiting.status == .changesPending && waiting.report.outcome == .waiting)
            #expect(waiting.report.exitCode == 2)
            #expect(waiting.report.apps.map(\.outcome) == [.waiting, .unchanged])
            #expect(waiting.report.waitingFor?.map(\.code) == [.window])
            #expect(waiting.report.waitingFor?.first?.until == Self.opening)
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
            #expect(try await scene.history().count == 1, "nothing was deployed")

            let status = try await scene.status(now: Self.outside)
            #expect(status.apps.map(\.state) == [.waiting, .ok] && status.waitingFor == waiting.report.waitingFor)

            let deployed = try await scene.apply(now: Self.inside)
            #expect(deployed.report.outcome == .proven && deployed.report.waitingFor == nil)
            #expect(try await scene.images() == ["backend:\(Scene.second)", "frontend:\(Scene.first)"])
            #expect(try await scene.apply(now: Self.outside).report.outcome == .unchanged)
        }
    }

    /// What somebody else has changed is compared with the last deployment, not with the descriptor that waits.
    @Test func `drift is put right while a change waits`() async throws {
        try await Scene.run(["backend", "frontend"]) { scene in
            let scene = try scene.with(Self.settings)
            let deployed = try #require(try await scene.history().first)
            try await scene.commit([("backend", Scene.second), ("frontend", Scene.first)])
            try scene.setImage("9.9.9", of: "backend")
            try scene.setImage("9.9.9", of: "frontend")
            let outcome = try await scene.apply(now: Self.outside)
            #expect(outcome.status == .changesPending, "\(outcome.report)")
            #expect(outcome.corrected == ["backend", "frontend"])
            #expect(outcome.report.apps.map(\.outcome) == [.waiting, .proven])
            #expect(outcome.report.apps.map(\.to) == [Scene.second, Scene.first])
            #expect(outcome.report.apps[0].notes.contains { $0.contains("put right meanwhile") })
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
            let history = try await scene.history()
            #expect(history.map(\.outcome) == [.proven, .proven])
            #expect(history[0].commit == deployed.commit, "that is what was put back")
            #expect(try await scene.apply(now: Self.outside).corrected.isEmpty)
            #expect(try await scene.apply(now: Self.inside).report.outcome == .proven)
            #expect(try await scene.images() == ["backend:\(Scene.second)", "frontend:\(Scene.first)"])
        }
    }

    /// No change, so no window is asked for.
    @Test func `drift alone is put right at any time`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with(Self.settings)
            try scene.setImage("9.9.9", of: "backend")
            let outcome = try await scene.apply(now: Self.outside)
            #expect(outcome.status == .done && outcome.report.outcome == .proven, "\(outcome.report)")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
        }
    }

    /// A version that nobody has deployed through Descry is no drift, whichever the image and the annotation are.
    @Test func `another version with its annotation is left until the window opens`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([("backend", Scene.second)])
            let third = Fate.runs.version("1.2.0")
            try scene.setImage(third, of: "backend", annotation: third)
            #expect(try await scene.apply(now: Self.outside).corrected.isEmpty)
            #expect(try await scene.images() == ["backend:\(third)"])
        }
    }

    @Test func `an override goes on, and the history has the reason`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([("backend", Scene.second)])
            let outcome = try await scene.apply(overriding: "INC-4711", now: Self.outside)
            #expect(outcome.report.outcome == .proven)
            let deployment = try #require(try await scene.history().first)
            #expect(deployment.override == Deployment.Override(guards: [.window], reason: "INC-4711"))
            // Inside there is nothing to put aside.
            try await scene.commit([("backend", Scene.first)])
            _ = try await scene.apply(overriding: "INC-4711", now: Self.inside)
            #expect(try await scene.history().first?.override == nil)
        }
    }

    /// What nobody could look up later is no override.
    @Test func `an override that cannot be recorded is refused`() async throws {
        try await Scene.run(["backend"]) { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([("backend", Scene.second)])
            let poor = scene.sandbox.account("poor", namespace: "shop", rules: Array(Scene.rules().prefix(2)))
            let error = await #expect(throws: KubernetesError.self) {
                try await scene.apply(as: poor, overriding: "INC-4711", now: Self.outside)
            }
            #expect(error?.code == "override-unrecorded")
            #expect(try await scene.images() == ["backend:\(Scene.first)"])
            // Without a history to compare with, the apps that the descriptor has not changed are kept.
            try await scene.commit([("backend", Scene.first)])
            try scene.setImage("9.9.9", of: "backend")
            #expect(try await scene.apply(as: poor, now: Self.outside).report.outcome == .proven)
        }
    }

    /// One descriptor is one transaction: what is half there when the window closes is brought to its end, here back.
    @Test func `a deployment that began inside is brought to its end outside`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: "{timeout: 10s, replaceStuckPods: always}") { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([
                ("backend", Fate.neverReady.version("1.1.0")), ("frontend", Scene.second + ", after: [backend]"),
            ])
            let (rollouts, rolling) = AsyncStream<Void>.makeStream()
            let pass = Task {
                try await scene.apply(
                    progress: { event in
                        if case .app(let app) = event, case .rolling = app.state { rolling.yield() }
                    }, now: Self.inside)
            }
            for await _ in rollouts { break }
            pass.cancel()
            _ = await pass.result
            #expect(try await scene.history().first?.outcome == .interrupted)
            let outcome = try await scene.apply(now: Self.outside)
            #expect(outcome.report.outcome == .rolledBack, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.contains("has begun inside") })
            #expect(try await scene.images() == ["backend:\(Scene.first)", "frontend:\(Scene.first)"])
        }
    }

    /// It would leave the older one half way, and wait.
    @Test func `a newer commit that has to wait ends no pass`() async throws {
        try await Scene.run(["backend"], rollout: "{timeout: 1h, replaceStuckPods: always}") { scene in
            let scene = try scene.with(Self.settings)
            let isOpen = Mutex(true)
            let (notes, note) = AsyncStream<Void>.makeStream()
            let (waits, wait) = AsyncStream<Void>.makeStream()
            try await scene.commit([("backend", Fate.neverReady.version("1.1.0"))])
            let pass = Task {
                try await scene.apply(
                    follow: .milliseconds(50),
                    progress: { event in
                        if case .app(let app) = event, app.pods?.updated ?? 0 > 0 { wait.yield() }
                        if case .note(let text) = event, text.contains("outside of the windows") { note.yield() }
                    }, now: { isOpen.withLock { $0 } ? Self.inside() : Self.outside() })
            }
            for await _ in waits { break }
            isOpen.withLock { $0 = false }
            try await scene.commit([("backend", Fate.runs.version("1.2.0"))])
            for await _ in notes { break }
            isOpen.withLock { $0 = true }
            try await scene.commit([("backend", Scene.second)])
            #expect(try await pass.value.status == .done)
            #expect(try await scene.images() == ["backend:\(Scene.second)"])
        }
    }

    /// The last deployment ended half way: nobody can say what is drift.
    @Test func `after a deployment that failed nothing is put right`() async throws {
        try await Scene.run(["backend", "frontend"], rollout: "{timeout: 2m, onFailure: stop}") { scene in
            let scene = try scene.with(Self.settings)
            try await scene.commit([("backend", Fate.pullFails.version("1.1.0")), ("frontend", Scene.second)])
            #expect(try await scene.apply(now: Self.inside).status == .rolloutFailed)
            let before = try await scene.images()
            try await scene.commit([("backend", Scene.second), ("frontend", Scene.second)])
            let outcome = try await scene.apply(now: Self.outside)
            #expect(outcome.status == .changesPending && outcome.corrected.isEmpty, "\(outcome.report)")
            #expect(outcome.report.notes.contains { $0.contains("left as it is") })
            #expect(try await scene.images() == before)
        }
    }
}
