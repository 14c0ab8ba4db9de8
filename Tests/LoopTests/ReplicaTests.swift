import FoundationEssentials
import Git
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing
import Workloads

/// Several replicas share the environments, lose them, hand them over, and never write together.
@Suite(.timeLimit(.minutes(15))) struct ReplicaTests {
    typealias Scene = LoopScene

    /// It records what it leaves behind, gives the lease back, and whoever comes next goes on from there.
    @Test func `a loop that is told to end drains`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "rollout: {timeout: 1h, replaceStuckPods: always}")
            let stuck: String
            let one = scene.loop("one")
            var reader = LoopReader(one)
            await one.apply([environment])
            try await reader.pass(for: try await scene.repository.tip(of: "DEV"))
            #expect(scene.holder() == "one")
            stuck = try await scene.commit(TestServers.Fate.neverReady.version("1.1.0"))
            let _: Void = try await reader.next { event in
                guard case .progress(_, .app(let app)) = event, app.pods?.updated ?? 0 > 0 else { return nil }
                return ()
            }
            #expect(await one.drain())
            let pass = try await reader.pass(for: stuck)
            #expect(pass.status == nil && pass.failure?.code == "interrupted")
            #expect(scene.holder() == "", "the next one need not wait for the lease to end")
            #expect(try await scene.history().map(\.outcome) == [.interrupted, .proven])
            try await scene.running([environment], scene.loop("two")) { loop in
                let pass = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(pass.report?.outcome == .proven)
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// `apply` from Jenkins asks for the lease, gets it between two passes, and the loop has it again afterwards.
    @Test func `a command gets its turn`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV")
            try await scene.running([environment], scene.loop()) { loop in
                try await loop.pass(for: try await scene.commit(Scene.second))
                let applied = try await scene.apply(environment)
                #expect(applied.report.outcome == .unchanged)
                let pass = try await loop.pass(for: try await scene.commit(Scene.third))
                #expect(pass.report?.outcome == .proven)
            }
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// Environments come, change, and go while the loop runs.
    @Test func `a new configuration is taken up at once`() async throws {
        try await Scene.run(["DEV", "STAGE"]) { scene in
            let (dev, stage) = (try scene.environment("DEV"), try scene.environment("STAGE"))
            let loop = scene.loop()
            try await scene.running([dev], loop) { reader in
                try await reader.pass(for: try await scene.commit(Scene.second))
                await loop.apply([dev, stage])
                try await reader.pass("STAGE", for: try await scene.repository.tip(of: "STAGE"))
                let moved = try scene.environment("DEV", "branch: NEXT")
                let next = try await scene.commit(Scene.third, to: "NEXT")
                await loop.apply([moved, stage])
                #expect(try await reader.pass(for: next).report?.outcome == .proven)
                await loop.apply([moved])
                let gone: String = try await reader.next { event in
                    if case .left(let environment) = event { environment } else { nil }
                }
                #expect(gone == "STAGE")
            }
            #expect(scene.holder("STAGE") == "")
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// Three replicas, each of which is killed and begins again, while commits arrive: nothing is lost, no two write at the
    /// same time, and every environment ends at its branch's commit. Also where their calendars are years apart.
    @Test(arguments: [false, true])
    func `replicas that are killed again and again lose nothing`(areCalendarsWrong: Bool) async throws {
        let names = ["DEV", "STAGE", "LIVE"]
        try await Scene.run(names) { scene in
            let environments = try names.map { try scene.environment($0) }
            var settings = Scene.settings()
            settings.leaseTiming.duration = .seconds(2)
            settings.leaseTiming.renewal = .milliseconds(400)
            let writers = Mutex<[String: Set<String>]>([:])
            let collisions = Mutex<[String]>([])
            @Sendable func watch(_ event: LoopEvent, _ replica: String) {
                writers.withLock { writers in
                    switch event {
                    case .passStarted(let environment, _):
                        let others = writers[environment.name, default: []].subtracting([replica])
                        if !others.isEmpty {
                            collisions.withLock { $0.append("\(replica) beside \(others) in \(environment.name)") }
                        }
                        writers[environment.name, default: []].insert(replica)
                    case .passEnded(let environment, _): writers[environment.name]?.remove(replica)
                    default: break
                    }
                }
            }
            func start(_ replica: String) async -> Loop {
                var time = LoopTime.system
                if areCalendarsWrong {
                    let error = Double.random(in: -1...1) * 10 * 365 * 86_400
                    time.date = { Date().addingTimeInterval(error) }
                }
                let loop = scene.loop(replica, settings: settings, time: time) { watch($0, replica) }
                await loop.apply(environments)
                return loop
            }
            var loops: [Loop] = []
            var replicas = (0..<3).map { "replica-\($0)" }
            for replica in replicas { loops.append(await start(replica)) }
            var last: [String: String] = [:]
            for round in 1...6 {
                for name in names {
                    last[name] = try await scene.commit(
                        TestServers.Fate.runs.version("2.\(round).0"), to: name)
                }
                let victim = round % 3
                scene.kill(replicas[victim])
                await loops[victim].drain()
                replicas[victim] = "replica-\(victim)-\(round)"
                loops[victim] = await start(replicas[victim])
            }
            for (name, commit) in last {
                try await scene.proven(commit, name)
                #expect(try await scene.tags(name) == [TestServers.Fate.runs.version("2.6.0")])
            }
            for loop in loops { await loop.drain() }
            #expect(collisions.withLock { $0 } == [])
            for name in names {
                #expect(scene.holder(name) == "")
                #expect(try await scene.history(name).allSatisfy { $0.outcome != .failed })
            }
        }
    }
}

extension LoopScene {
    /// Waits until the history says that the commit is proven: by watching its ConfigMap.
    func proven(_ commit: String, _ environment: String) async throws {
        while true {
            let changes = changes()
            if let last = try await history(environment).first, last.commit.id == commit, last.outcome == .proven {
                return
            }
            for await _ in changes { break }
        }
    }
}
