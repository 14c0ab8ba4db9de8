import FoundationEssentials
import Reconciling
import Reporting
import Sandbox
import Scenes
import Synchronization
import TestServers
import Testing
import Workloads

/// The loop waits for a window, looks after drift meanwhile, and is there when the window opens.
@Suite(.timeLimit(.minutes(15))) struct WindowTests {
    typealias Scene = LoopScene

    /// A calendar that a test sets, and that goes on by itself from there.
    private final class Calendar: Sendable {
        private let state: Mutex<(date: Date, since: ContinuousClock.Instant)>

        init(_ date: Date) { state = Mutex((date, .now)) }

        func set(_ date: Date) { state.withLock { $0 = (date, .now) } }

        var time: LoopTime {
            var time = LoopTime.system
            time.date = { [self] in
                state.withLock { $0.date + ($0.since.duration(to: .now) / .seconds(1)) }
            }
            return time
        }
    }

    /// A Monday, in UTC.
    private static let opening = Date(timeIntervalSince1970: 1_795_420_800)

    @Test func `a change waits, drift does not, and the opening wakes the loop`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV", "windows: [{allow: \"Mon-Fri 08:00-17:00\"}]")
            let calendar = Calendar(Self.opening + 3600)
            let metrics = Metrics(version: "0")
            metrics.set(environments: ["DEV"])
            let counts = LoopMetrics(metrics)
            // No poll and no look now and then may be what wakes it.
            var settings = Scene.settings()
            settings.resyncInterval = .seconds(3600)
            let running = scene.loop(settings: settings, time: calendar.time, tell: counts.record)
            try await scene.running([environment], running) { loop in
                try await loop.pass(for: try await scene.repository.tip(of: "DEV"))
                calendar.set(Self.opening - 3600)
                let commit = try await scene.commit(Scene.second)
                let waiting = try await loop.pass(for: commit)
                #expect(waiting.report?.outcome == .waiting && waiting.status == .changesPending)
                #expect(waiting.report?.waitingFor?.first?.until == Self.opening)
                #expect(metrics.render().contains("descry_environment_waiting{environment=\"DEV\"} 1"))
                #expect(metrics.render().contains("descry_environments{state=\"waiting\"} 1"))

                try scene.setImage("9.9.9", as: "kubectl-set")
                let apps: [String] = try await loop.next { event in
                    if case .driftCorrected(_, let apps) = event { apps } else { nil }
                }
                #expect(apps == ["backend"])
                #expect(try await scene.tags() == [Scene.first], "what was deployed last, not what waits")

                // A look, which plans the next one for the opening: that is a moment away.
                calendar.set(Self.opening - 2)
                await running.wake(WakeHint(environments: ["DEV"], reason: .webhook))
                try await loop.pass(for: commit)
                let opened: LoopPass = try await loop.next { event in
                    guard case .passEnded(_, let pass) = event, pass.report?.outcome != .waiting else { return nil }
                    return pass
                }
                #expect(opened.start.reason == "waiting" && opened.report?.outcome == .proven, "\(opened)")
                #expect(metrics.render().contains("descry_environment_waiting{environment=\"DEV\"} 0"))
            }
            #expect(try await scene.tags() == [Scene.second])
            #expect(try await scene.history().map(\.outcome) == [.proven, .proven, .proven])
        }
    }
}
