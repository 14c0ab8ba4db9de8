import TestServers
import Testing

/// The rule for suites that need more than a machine may have.
@Suite struct RequirementTests {
    @Test func `what is missing is named, and fails where it is demanded`() {
        let absent = Requirement("nothing real", programs: ["sh", "descry-no-such-program"], package: "nothing")
        #expect(absent.missing == "no descry-no-such-program; install nothing")
        #expect(absent.isToRun == Requirement.isEnforced)
        #expect(absent.description == "needs nothing real: no descry-no-such-program; install nothing")
        #expect(throws: Requirement.Unmet.self) { try absent.demand() }
        #expect(Requirement("a shell", programs: ["sh"], package: "dash").isToRun)
    }
}
