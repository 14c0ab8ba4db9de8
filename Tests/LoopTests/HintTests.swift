import Reconciling
import Reporting
import Sandbox
import TestServers
import Testing

/// A webhook reaches one replica, and whichever it is, the one that looks after the environment polls.
///
/// Nothing here is found by a poll of its own: there is one in an hour.
@Suite(.timeLimit(.minutes(15))) struct HintTests {
    typealias Scene = LoopScene

    private static let webhook = WakeHint(environments: ["DEV"], reason: .webhook)

    private static func settings() -> LoopSettings {
        var settings = Scene.settings()
        settings.pollInterval = .seconds(3600)
        settings.leaseTiming.renewal = .milliseconds(200)
        settings.leaseTiming.settling = .seconds(3600)
        return settings
    }

    @Test func `a webhook is passed on to the replica that looks after the environment`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV")
            try await scene.running([environment], scene.loop("one", settings: Self.settings())) { one in
                try await one.pass(for: try await scene.repository.tip(of: "DEV"))
                let other = scene.loop("two", settings: Self.settings())
                try await scene.running([environment], other) { two in
                    #expect(try await two.elsewhere() == "one")
                    for version in [Scene.second, Scene.third] {
                        let commit = try await scene.commit(version)
                        await other.wake(Self.webhook)
                        #expect(try await two.passedOn() == "one")
                        let pass = try await one.pass(for: commit)
                        #expect(pass.report?.outcome == .proven && pass.start.reason == "commit", "\(pass)")
                    }
                    #expect(two.passes.isEmpty)
                }
                #expect(scene.holder() == "one")
            }
            #expect(scene.lease()?["metadata", "annotations", "descry.dev/wake"] == nil, "it was read")
            #expect(try await scene.tags() == [Scene.third])
        }
    }

    /// What failed is tried again by the holder, as if it had got the webhook itself.
    @Test func `a hint that is passed on ends the holder's pause`() async throws {
        try await Scene.run { scene in
            let environment = try scene.environment("DEV")
            var settings = Self.settings()
            (settings.firstRetry, settings.longestRetry) = (.seconds(3600), .seconds(3600))
            try await scene.running([environment], scene.loop("one", settings: settings)) { one in
                let start = try await scene.repository.tip(of: "DEV")
                try await one.pass(for: start)
                scene.sandbox.faults.inject(.refusal(403), into: .init(verb: "patch", resource: "statefulsets"))
                let commit = try await scene.commit(Scene.second)
                let other = scene.loop("two", settings: Self.settings())
                try await scene.running([environment], other) { two in
                    _ = try await two.elsewhere()
                    await other.wake(Self.webhook)
                    #expect(try await one.pass(for: commit).report?.outcome != .proven)
                    await other.wake(Self.webhook)
                    #expect(try await one.pass(for: commit).report?.outcome == .proven)
                }
            }
        }
    }

    /// The holder does not read, and a thousand webhooks come: one write.
    @Test func `a flood of webhooks is no flood of writes`() async throws {
        try await Scene.run { scene in
            try scene.occupyLease(as: "somebody")
            var settings = Self.settings()
            settings.leaseTiming.duration = .seconds(3600)
            let loop = scene.loop(settings: settings)
            try await scene.running([try scene.environment("DEV")], loop) { reader in
                let holder = try await reader.elsewhere()
                #expect(holder == "somebody")
                let before = scene.lease()
                await loop.wake(Self.webhook)
                #expect(try await reader.passedOn() == "somebody")
                let after = scene.lease()
                #expect(after?["metadata", "annotations", "descry.dev/wake"]?.string != nil)
                #expect(after?["metadata", "resourceVersion"] != before?["metadata", "resourceVersion"])
                #expect(after?["spec"] == before?["spec"], "the holder's own is not touched")
                for _ in 1...1000 { await loop.wake(Self.webhook) }
                #expect(try await reader.passedOn() == "somebody")
                #expect(scene.lease() == after)
            }
        }
    }

    /// The token may not write it, or the API server does not take it: the next hint has another chance.
    /// A refusal is final, a conflict is tried again.
    @Test(arguments: [(403, 1), (409, 5)])
    func `a hint that cannot be written breaks nothing`(status: Int, attempts: Int) async throws {
        try await Scene.run { scene in
            try scene.occupyLease(as: "somebody")
            var settings = Self.settings()
            settings.leaseTiming.duration = .seconds(3600)
            let loop = scene.loop(settings: settings)
            try await scene.running([try scene.environment("DEV")], loop) { reader in
                _ = try await reader.elsewhere()
                let faults = scene.sandbox.faults
                faults.inject(.refusal(status), into: .init(verb: "patch", resource: "leases"), times: attempts)
                await loop.wake(Self.webhook)
                await faults.untilMet(attempts)
                await loop.wake(Self.webhook)
                #expect(try await reader.passedOn() == "somebody")
            }
        }
    }
}

extension LoopReader {
    /// Waits until another one looks after an environment.
    fileprivate mutating func elsewhere() async throws -> String? {
        try await next { event in if case .elsewhere(_, let holder?) = event { holder } else { nil } }
    }

    /// Waits until a hint was passed on.
    fileprivate mutating func passedOn() async throws -> String {
        try await next { event in if case .hintPassedOn(_, let holder) = event { holder } else { nil } }
    }
}
