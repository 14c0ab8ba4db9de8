import Reconciling
import Testing

/// Which replica has which environment.
@Suite struct RendezvousTests {
    private static let environments = (0..<3000).map { "SHOP-\($0)" }

    private static func winner(_ environment: String, _ replicas: [String]) -> String? {
        replicas.min { Rendezvous.rank(environment, $0) < Rendezvous.rank(environment, $1) }
    }

    /// As a Deployment and a StatefulSet name their pods, which differ in a few characters at the end. 3,000 environments over
    /// three: each gets a third, give or take four standard deviations (26 each).
    @Test(arguments: [
        ["descry-7d4b9c6f5-2xkqz", "descry-7d4b9c6f5-8wq4l", "descry-7d4b9c6f5-zzv7n"],
        ["descry-0", "descry-1", "descry-2"], ["a", "b", "c"],
    ]) func `environments are spread evenly`(replicas: [String]) {
        var count: [String: Int] = [:]
        for environment in Self.environments { count[Self.winner(environment, replicas) ?? "", default: 0] += 1 }
        #expect(count.count == 3)
        #expect(count.values.allSatisfy { (896...1104).contains($0) }, "\(count)")
    }

    @Test func `one that is lost moves only its own environments`() {
        let replicas = ["descry-0", "descry-1", "descry-2", "descry-3"]
        for environment in Self.environments {
            let before = Self.winner(environment, replicas)
            let after = Self.winner(environment, Array(replicas.dropLast()))
            #expect(before == after || before == "descry-3")
        }
    }

    /// Replicas of different versions must agree.
    @Test func `a rank never changes`() {
        #expect(Rendezvous.rank("DEV", "descry-0") == 0.14929228916962)
        #expect(Rendezvous.rank("LIVE", "descry-0") == 0.7128828463340485)
        let ranks = Self.environments.map { Rendezvous.rank($0, "descry-0") }
        #expect(ranks.allSatisfy { (0..<1).contains($0) } && Set(ranks).count == ranks.count)
        #expect(Rendezvous.rank("AB", "C") != Rendezvous.rank("A", "BC"))
    }
}
