import Reconciling
import Testing

/// Who holds a lease: what a person reads there, and what tells two processes apart.
@Suite struct LeaseHolderTests {
    /// The pod where there is one, else what was given, or the build, or the person; with something of its own where the name could
    /// be in use twice.
    @Test(
        arguments: [
            (["POD_NAME": "descry-0", "POD_UID": "u1"], nil, "descry-0_u1", true),
            (["POD_NAME": "descry-0", "POD_UID": "u1", "DESCRY_REPLICA": "blue"], nil, "blue_", false),
            (["POD_NAME": "descry-0", "POD_UID": "u1"], "green", "green_", false),
            (["POD_NAME": "descry-0"], nil, "descry-0_", false),
        ] as [([String: String], String?, String, Bool)])
    func `a replica`(variables: [String: String], name: String?, identity: String, isWhole: Bool) {
        let holders = (0..<2).map { _ in LeaseHolder.replica(name, variables).identity }
        #expect(
            holders.allSatisfy { isWhole ? $0 == identity : $0.hasPrefix(identity) && $0.count == identity.count + 8 })
        #expect((holders[0] == holders[1]) == isWhole)
    }

    @Test(
        arguments: [
            (
                ["BUILD_URL": "https://ci.example.com/job/shop/7/", "USER": "jenkins"],
                "https://ci.example.com/job/shop/7/_"
            ),
            (["USER": "ann", "HOSTNAME": "desk"], "ann@desk_"),
            (["HOSTNAME": "desk", "USER": "a\nb\u{1b}[2J c"], "ab[2Jc@desk_"),
        ] as [([String: String], String)])
    func `a command`(variables: [String: String], identity: String) {
        let holder = LeaseHolder.command(variables)
        #expect(holder.identity.hasPrefix(identity), "\(holder)")
        #expect(holder != LeaseHolder.command(variables), "one build may run several")
    }

    @Test func `an identity is bounded and never empty`() {
        #expect(LeaseHolder(identity: "\n").identity == "descry")
        #expect(LeaseHolder(identity: String(repeating: "x", count: 1000)).identity.count == 250)
    }
}
