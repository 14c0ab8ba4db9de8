import Testing

@testable import Reconciling

/// Whoever changes an app now and then is corrected each time; whoever fights over it is not fought.
@Suite struct DriftDamperTests {
    private let start = ContinuousClock.now
    private var damper = DriftDamper()

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    /// At which seconds the app drifts, and what is done each time: nil to put it right, else how long it is left.
    private struct Story: CustomTestStringConvertible {
        var name: String
        var drifts: [(at: Double, left: Double?)]
        var testDescription: String { name }
    }

    private static let stories = [
        Story(name: "three times in ten minutes are put right", drifts: [(0, nil), (1, nil), (2, nil)]),
        Story(name: "the fourth is left for a minute", drifts: [(0, nil), (1, nil), (2, nil), (3, 60), (10, 53)]),
        Story(
            name: "once in a while is never a fight",
            drifts: [(0, nil), (300, nil), (601, nil), (902, nil), (1203, nil), (1504, nil)]),
        Story(
            name: "each further round is twice as long",
            drifts: [(0, nil), (1, nil), (2, nil), (3, 60), (63, nil), (64, 120), (184, nil), (185, 240)]),
        Story(
            name: "after ten minutes of peace all is forgotten",
            drifts: [
                (0, nil), (1, nil), (2, nil), (3, 60), (63, nil), (700, nil), (701, nil), (702, nil), (703, 60),
            ]),
        Story(
            name: "so it is where the rival himself puts it right during the pause",
            drifts: [(0, nil), (1, nil), (2, nil), (3, 60), (900, nil), (901, nil), (902, nil), (903, 60)]),
    ]

    @Test(arguments: stories) private mutating func `an app is put right or left`(_ story: Story) {
        for drift in story.drifts {
            let decision = damper.drifted("backend", at(drift.at))
            #expect(decision == drift.left.map { .leave(until: at(drift.at + $0)) } ?? .correct, "at \(drift.at)")
        }
    }

    @Test mutating func `a pause is an hour at most`() {
        var now = start
        for _ in 0..<3 { _ = damper.drifted("backend", now) }
        var longest = Duration.zero
        for _ in 0..<12 {
            guard case .leave(let until) = damper.drifted("backend", now) else {
                Issue.record("it is contested")
                return
            }
            longest = until - now
            #expect(damper.drifted("backend", until) == .correct)
            now = until + .seconds(1)
        }
        #expect(longest == .seconds(3600))
    }

    @Test mutating func `each app is judged by itself`() {
        for _ in 0..<3 { _ = damper.drifted("backend", start) }
        #expect(damper.drifted("backend", start) == .leave(until: at(60)))
        #expect(damper.drifted("frontend", start) == .correct)
        #expect(damper.left(start).keys.sorted() == ["backend"])
        #expect(damper.left(at(60)).isEmpty)
    }
}
