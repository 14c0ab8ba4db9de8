import TestServers
import Testing

/// The rule for suites that need more than a machine may have.
@Suite struct RequirementTests {
    @Test func `what is missing is named, and fails where it is demanded`() {
        let absent = Requirement("nothing real", programs: ["sh", "descry-no-such-program"])
        #expect(absent.missing == ["descry-no-such-program"])
        #expect(!absent.isMet)
        #expect(absent.isMetOrDemanded == Requirement.isDemanded)
        #expect(absent.comment == "nothing real needs: descry-no-such-program")
        #expect(throws: Requirement.Missing.self) { try absent.check() }
        #expect(Requirement("a shell", programs: ["sh"]).isMetOrDemanded)
    }
}
