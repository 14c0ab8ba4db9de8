import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing

/// Others who write in the middle of a deployment: what is theirs stays, and what is not gets where it should.
@Suite(.timeLimit(.minutes(15))) struct RivalTests {
    typealias Scene = SandboxScene

    private static let patches = Faults.Match(verb: "patch", resource: "statefulsets")

    /// As a HorizontalPodAutoscaler writes: at each step that the rollout makes, and right before each of Descry's own patches.
    @Test(arguments: [(Fate.runs, Reporting.ExitStatus.done), (.pullFails, .rolledBack)], [false, true])
    func `replicas that change all the time are left to whom they belong`(
        end: (fate: TestServers.Fate, status: Reporting.ExitStatus), parallel: Bool
    ) async throws {
        try await Scene.run(["backend", "frontend"], replicas: 2, parallel: parallel) { scene in
            let version = end.fate.version("1.1.0")
            try await scene.commit([("backend", Scene.second), ("frontend", "\(version), after: [backend]")])
            for replicas in 2..<8 {
                scene.sandbox.faults.inject(
                    .rival(fieldManager: "hpa", patch: ["spec": ["replicas": .integer(Int64(2 + replicas % 2))]]),
                    into: Self.patches)
            }
            let written = Mutex<[String: Int]>([:])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event else { return }
                switch app.state {
                case .rolling, .rollingBack: break
                default: return
                }
                let replicas = written.withLock { written in
                    let next = written[app.app] == 3 ? 2 : 3
                    written[app.app] = next
                    return next
                }
                scene.tryToChange(app.app, as: "hpa", ["spec": ["replicas": .integer(Int64(replicas))]])
            }
            #expect(outcome.status == end.status, "\(outcome.report)")
            #expect(written.withLock(\.count) == 2)
            #expect(scene.sandbox.faults.met == 6)
            for (name, replicas) in written.withLock({ $0 }) {
                #expect([2, 3].contains(scene.specification(name)?["replicas"]?.integer), "\(replicas)")
            }
            let kept = end.fate == .runs ? Scene.second : Scene.first
            #expect(try await scene.images() == ["backend:\(kept)", "frontend:\(kept)"])
            let again = try await scene.deploy([("backend", kept), ("frontend", "\(kept), after: [backend]")])
            #expect(again.report.outcome == .unchanged, "and all of it is healthy")
        }
    }

    /// `kubectl set image` while the rollout is waited for: that app is left alone, and the others go back.
    @Test(arguments: ["first", "backend"])
    func `an image that somebody else sets meanwhile is left alone`(rival: String) async throws {
        try await Scene.run(["first", "backend", "beside"], replicas: 2) { scene in
            try await scene.commit([
                ("first", Scene.second), ("backend", "\(Scene.second), after: [first]"), ("beside", Scene.second),
            ])
            let hotfix = "\(Scene.registry)/\(rival):9.9.9"
            let isSet = Mutex(false)
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == rival, case .rolling = app.state else { return }
                guard Self.isFirst(isSet) else { return }
                scene.tryToChange(rival, as: "kubectl-set", Self.image(rival, hotfix))
            }
            #expect(isSet.withLock { $0 })
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            for app in outcome.report.apps where app.app != rival {
                #expect(app.outcome == (app.rollback == nil ? .notStarted : .rolledBack), "\(app)")
                #expect(app.rollback.map { $0.outcome == .proven } ?? true)
            }
            let mine = try #require(outcome.report.apps.first { $0.app == rival })
            #expect(mine.failure?.code == "superseded")
            guard case .failed(let failure) = mine.rollback?.outcome else {
                Issue.record("its way back is told: \(mine)")
                return
            }
            #expect(failure.code == "superseded")
            #expect(
                try await scene.images()
                    == Set(["first", "backend", "beside"].map { "\($0):\($0 == rival ? "9.9.9" : Scene.first)" }))
        }
    }

    /// An app that was proven already: only the way back meets what somebody has set since.
    @Test func `an image that somebody sets after the proof is left alone on the way back`() async throws {
        try await Scene.run(["first", "backend"]) { scene in
            try await scene.commit([
                ("first", Scene.second), ("backend", "\(Fate.pullFails.version("1.1.0")), after: [first]"),
            ])
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "first", case .proven = app.state else { return }
                scene.tryToChange("first", as: "kubectl-set", Self.image("first", "\(Scene.registry)/first:9.9.9"))
            }
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            #expect(try await scene.images() == ["first:9.9.9", "backend:\(Scene.first)"])
            guard case .failed(let failure) = outcome.report.apps[0].rollback?.outcome else {
                Issue.record("its way back is told: \(outcome.report)")
                return
            }
            #expect(failure.code == "superseded")
            #expect(outcome.report.apps[1].rollback?.outcome == .proven)
        }
    }

    @Test func `a workload that is deleted and created again is not touched, and the others go back`() async throws {
        try await Scene.run(["first", "backend"]) { scene in
            try await scene.commit([
                ("first", Scene.second), ("backend", "\(Fate.neverReady.version("1.1.0")), after: [first]"),
            ])
            let isDone = Mutex(false)
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "backend", case .rolling = app.state else { return }
                guard Self.isFirst(isDone) else { return }
                do { try scene.recreate("backend") } catch { Issue.record(error) }
            }
            #expect(isDone.withLock { $0 })
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            let backend = outcome.report.apps[1]
            // The deletion, or both at once, is what is seen first.
            #expect(["deleted", "replaced"].contains(backend.failure?.code), "\(backend)")
            guard case .failed(let failure) = backend.rollback?.outcome else {
                Issue.record("its way back is told: \(backend)")
                return
            }
            #expect(failure.code == "deleted")
            #expect(outcome.report.apps[0].rollback?.outcome == .proven)
            #expect(try await scene.images() == ["first:\(Scene.first)", "backend:\(Scene.first)"])
            // The new one is as its maker made it: no fields of Descry's.
            let state = NamespaceState(scene.sandbox, commits: [:])
            #expect(state.apps["backend"]?.annotations == [:])
            let later = try await scene.deploy([("first", Scene.second), ("backend", Scene.second)])
            #expect(later.status == .done, "\(later.report)")
        }
    }

    /// All goes at once, the history too: the pass says what it can, and ends.
    @Test(arguments: ["rollback", "stop", "continue"])
    func `a namespace that is being deleted ends the pass`(onFailure: String) async throws {
        let names = ["first", "backend", "last"]
        try await Scene.run(names, rollout: "{timeout: 5m, onFailure: \(onFailure)}") { scene in
            try await scene.commit([
                ("first", Scene.second), ("backend", "\(Fate.neverReady.version("1.1.0")), after: [first]"),
                ("last", "\(Scene.second), after: [backend]"),
            ])
            let isDone = Mutex(false)
            let outcome = try await scene.apply { event in
                guard case .app(let app) = event, app.app == "backend", case .rolling = app.state else { return }
                guard Self.isFirst(isDone) else { return }
                do { try scene.deleteNamespace() } catch { Issue.record(error) }
            }
            #expect(isDone.withLock { $0 })
            #expect(outcome.status == .rolloutFailed, "\(outcome.report)")
            #expect(outcome.report.apps[1].failure?.code == "deleted")
            #expect(outcome.report.apps[2].outcome == .notStarted)
            #expect((outcome.report.seconds ?? .infinity) < 60)
        }
    }

    /// Of three pods the partition kept two; a new version must reach all of them, and a failure must put it back.
    @Test(arguments: 1...3)
    func `a partition that somebody has left is put back after a failure, and gone after a success`(
        partition: Int
    ) async throws {
        try await Scene.run(["backend"], replicas: 3) { scene in
            let left: JSONValue = [
                "spec": ["updateStrategy": ["rollingUpdate": ["partition": .integer(Int64(partition))]]]
            ]
            try scene.change("backend", as: "kubectl", left)
            let before = NamespaceState(scene.sandbox, commits: [:])
            let failed = try await scene.deploy([("backend", Fate.pullFails.version("1.1.0"))])
            #expect(failed.status == .rolledBack, "\(failed.report)")
            #expect(NamespaceState(scene.sandbox, commits: [:]) == before)
            let good = try await scene.deploy([("backend", Scene.second)])
            #expect(good.status == .done, "\(good.report)")
            let after = try #require(NamespaceState(scene.sandbox, commits: [:]).apps["backend"])
            #expect(after.partition == 0)
            #expect(after.pods.allSatisfy { $0.contains(Scene.second) && $0.hasSuffix(" ready") }, "\(after)")
        }
    }

    private static func isFirst(_ done: borrowing Mutex<Bool>) -> Bool {
        done.withLock { done in
            defer { done = true }
            return !done
        }
    }

    private static func image(_ container: String, _ image: String) -> JSONValue {
        ["spec": ["template": ["spec": ["containers": [["name": .string(container), "image": .string(image)]]]]]]
    }
}

extension SandboxScene {
    /// The same from where nothing can be thrown; a refusal fails the test.
    fileprivate func tryToChange(_ name: String, as fieldManager: String, _ patch: JSONValue) {
        do { try change(name, as: fieldManager, patch) } catch { Issue.record(error) }
    }
}
