import Testing

@testable import Reconciling

/// How the timing of leases follows their number, and that holders and waiters of any two timings never write side by side.
@Suite struct LeaseTimingTests {
    private static let numbers = [0, 1, 50, 210, 211, 300, 500, 1000, 1259, 1260, 1261, 5000, 1_000_000]

    private static func shared(_ leases: Int) -> LeaseTiming { LeaseTiming().sharing(leases) }

    @Test(arguments: numbers.prefix(4)) func `few leases keep the timing as it is`(_ leases: Int) {
        #expect(Self.shared(leases) == LeaseTiming())
    }

    /// What a thousand environments cost and what they wait for.
    @Test func `a thousand leases`() {
        let timing = Self.shared(1000)
        #expect(1000 / (timing.renewal / .seconds(1)) < 70.001)
        #expect(timing.duration == .seconds(48))
        let seen = LeaseTiming.jittered(timing.look, chance: 1)
        #expect(seen + timing.duration + timing.spread < .seconds(70))
    }

    /// Renewals stay within the bound for as long as a lease may last longer, and all of the timing keeps its proportions.
    @Test(arguments: numbers) func `the proportions stay`(_ leases: Int) {
        let timing = Self.shared(leases)
        if leases <= 1260 { #expect(Double(leases) / (timing.renewal / .seconds(1)) < 70.001) }
        #expect(timing.duration <= .seconds(60))
        #expect(timing.duration.components.attoseconds == 0, "it is written in whole seconds")
        #expect(timing.shortest == LeaseTiming().duration)
        // A renewal that is late can fail once before writes have to wait for the next one.
        #expect(LeaseTiming.jittered(timing.renewal, chance: 1) + timing.retry * 2 < timing.validity)
        // Who has asked for a lease looks before others take it.
        #expect(LeaseTiming.jittered(timing.look, chance: 1) < timing.handOver)
    }

    /// A holder ends before anybody may take over, although their clocks' pace differs by a quarter: of any two timings, and
    /// whatever either was before.
    @Test(arguments: numbers, numbers) func `a holder of one timing and a waiter of another`(_ one: Int, _ other: Int) {
        let (holder, waiter) = (Self.shared(one), Self.shared(other))
        let written = Int(holder.duration.components.seconds)
        #expect(waiter.duration(of: written) >= holder.duration)
        #expect(holder.validity < waiter.duration(of: written) * 0.75)
        // And no longer than it has to: who has many leases takes over from one who has few as soon as anybody.
        #expect(waiter.duration(of: written) == holder.duration)
    }

    @Test(arguments: [(nil, 10), (-5, 10), (0, 10), (1, 10), (10, 10), (20, 20), (60, 60), (2_000_000_000, 60)])
    func `what others write is kept to within bounds`(seconds: Int?, lasts: Int) {
        for leases in Self.numbers { #expect(Self.shared(leases).duration(of: seconds) == .seconds(lasts)) }
    }

    /// Environments with tokens of their own are at the same API server.
    @Test func `leases are counted by API server`() throws {
        func environment(_ name: String, _ cluster: String) throws -> Environment {
            let text =
                "environment: \(name)\nrepository: /none\nnamespace: shop\nregistry: r.example.com/shop\n\(cluster)"
            return try EnvironmentSettings.parse(Array(text.utf8), file: "\(name).yaml").resolve(name: name)
        }
        let inCluster = try environment("A", "")
        let one = try environment("B", "cluster: {server: 'https://one', tokenFile: /b}")
        let same = try environment("C", "cluster: {server: 'https://one', tokenFile: /c}")
        let other = try environment("D", "cluster: {server: 'https://other', tokenFile: /c}")
        let counts = LeaseCounts()
        #expect(counts.count(beside: one) == 1)
        counts.set([inCluster, one, same, other])
        #expect([inCluster, one, same, other].map(counts.count) == [1, 2, 2, 1])
        counts.set([one])
        #expect(counts.count(beside: same) == 1)
    }
}
