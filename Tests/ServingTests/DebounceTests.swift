import Reconciling
import TestServers
import Testing

@testable import Serving

/// An environment is woken at once, and at most once an interval, however many webhooks come.
@Suite struct DebounceTests {
    @Test("200 webhooks in one second wake an environment at once and at the end of the second")
    func burst() async throws {
        try await ServingScene.run { folder in
            [try .sample(.generic, "https://git.example.com/shop/deployments", in: folder)]
        } _: { scene in
            let post = { @Sendable (number: Int) async throws -> Int in
                let body = Array(
                    #"{"repository":"https://git.example.com/shop/deployments","ref":"refs/heads/DEV","after":"\#(number)"}"#
                        .utf8)
                let headers = Signing.generic(body, PlantedSecret.marker, at: scene.time.date)
                return try await scene.post("/webhooks/generic", body, headers: headers).status
            }
            #expect(try await post(0) == 202)
            #expect(await scene.wakes.next() == [["DEV"]])
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1..<200 { group.addTask { try await post(number) } }
                for try await status in group { #expect(status == 202) }
            }
            #expect(scene.wakes.all.count == 1)
            // The last of them may have come while the first was being acted on.
            await scene.time.untilAsleep(1)
            scene.time.advance(by: .seconds(1))
            #expect(await scene.wakes.next() == [["DEV"]])
            #expect(scene.sample(#"descry_webhooks_total{provider="generic",result="woken"}"#) == "200")
            // Nothing more is to come.
            scene.time.advance(by: .seconds(10))
            #expect(try await post(200) == 202)
            #expect(await scene.wakes.next() == [["DEV"]])
            #expect(scene.wakes.all.count == 3)
        }
    }

    private let start = ContinuousClock.now
    private let second = Duration.seconds(1)

    @Test("An environment does not wait for another one's interval")
    func independent() {
        var gate = WakeGate(interval: second)
        #expect(gate.ask(for: ["A"], at: start) == ["A"])
        #expect(gate.ask(for: ["A", "B"], at: start + .milliseconds(500)) == ["B"])
        #expect(gate.next == start + second)
        #expect(gate.due(at: start + .milliseconds(999)) == [])
        #expect(gate.due(at: start + second) == ["A"])
        #expect(gate.next == nil)
    }

    @Test("As long as webhooks come, there is one wake-up an interval, and one after the last")
    func steady() {
        var gate = WakeGate(interval: second)
        var wakes = 0
        for step in 0..<100 {
            let now = start + .milliseconds(100 * step)
            wakes += gate.due(at: now).count + gate.ask(for: ["A"], at: now).count
        }
        #expect(wakes == 10)
        #expect(gate.due(at: start + .seconds(10)) == ["A"])
        #expect(gate.ask(for: ["A"], at: start + .seconds(11)) == ["A"])
    }
}
