import Descriptors
import Testing

@Suite struct AppVersionTests {
    @Test func partsAreTakenApart() throws {
        let version = try AppVersion("1.20.300-rc-020c8bb63785074bc3702c003333852fc8d9a343")
        #expect([version.major, version.minor, version.patch] == ["1", "20", "300"])
        #expect(version.channel == .rc)
        #expect(version.sha == "020c8bb63785074bc3702c003333852fc8d9a343")
        #expect(version.description == "1.20.300-rc-020c8bb63785074bc3702c003333852fc8d9a343")
        #expect(try AppVersion("0.0.0-release-0000000").channel == .release)
    }

    @Test(arguments: [
        // The bounds: shortest and longest commit, zeros, and numbers that fit no machine word.
        "0.0.0-rc-abcdef0", "10.0.10-release-" + String(repeating: "f", count: 64),
        "18446744073709551616.99999999999999999999.1-rc-020c8bb",
        String(repeating: "9", count: 128 - 15) + ".1.1-rc-abcdef0".suffix(15),
    ])
    func acceptsEverythingInBounds(text: String) throws {
        #expect(text.utf8.count <= AppVersion.maxLength)
        #expect(try AppVersion(text).text == text)
    }

    @Test(arguments: [
        ("", "version-empty"), (String(repeating: "1", count: 129), "version-too-long"),
        // Habits from other tools.
        ("v1.1.0-rc-020c8bb", "version-prefix"), ("V1.1.0-rc-020c8bb", "version-prefix"),
        ("1.1.0+020c8bb", "version-build-metadata"), ("latest", "version-numbers"),
        // The numbers. Digits of other scripts are none.
        ("1.1-rc-020c8bb", "version-numbers"), ("1.1.0.0-rc-020c8bb", "version-numbers"),
        ("1..0-rc-020c8bb", "version-numbers"), (" 1.1.0-rc-020c8bb", "version-numbers"),
        ("-1.1.0-rc-020c8bb", "version-numbers"), ("1.1.٣-rc-020c8bb", "version-numbers"),
        ("01.1.0-rc-020c8bb", "version-leading-zero"), ("1.1.00-rc-020c8bb", "version-leading-zero"),
        // The channel.
        ("1.1.0", "version-channel-missing"), ("1.1.0--020c8bb", "version-channel-unknown"),
        ("1.1.0-RC-020c8bb", "version-channel-unknown"), ("1.1.0-beta-020c8bb", "version-channel-unknown"),
        ("1.1.0-rc.1-020c8bb", "version-channel-unknown"), ("1.1.0-020c8bb", "version-channel-unknown"),
        // The commit.
        ("1.1.0-rc", "version-sha-missing"), ("1.1.0-rc-", "version-sha-missing"),
        ("1.1.0-rc-020c8b", "version-sha-too-short"),
        ("1.1.0-rc-" + String(repeating: "a", count: 65), "version-sha-too-long"),
        ("1.1.0-rc-020C8BB", "version-sha-upper-case"), ("1.1.0-rc-020c8bg", "version-sha-characters"),
        ("1.1.0-rc-020c8bb-dirty", "version-sha-characters"), ("1.1.0-rc-020c8bb\n", "version-sha-characters"),
        ("1.1.0-rc-020c8bb\u{301}", "version-sha-characters"),
    ])
    func everyWayToBeWrongHasItsOwnCode(text: String, code: String) throws {
        let error = try #require(throws: AppVersionError.self) { try AppVersion(text) }
        #expect(error.code == code)
        #expect(!error.message.isEmpty && !error.hint.isEmpty)
    }

    /// SemVer 2.0.0 §11: numerically, from left to right.
    @Test(arguments: [
        ("1.0.0", "2.0.0"), ("1.9.0", "1.10.0"), ("1.1.9", "1.1.10"), ("9.9.9", "10.0.0"), ("1.99.99", "2.0.0"),
        ("18446744073709551615.0.0", "18446744073709551616.0.0"), ("2.0.0", "10.0.0"),
    ])
    func numbersAreComparedAsNumbers(lower: String, higher: String) throws {
        let low = try AppVersion(lower + "-release-ffffff0")
        let high = try AppVersion(higher + "-rc-0000000")
        #expect(low.hasLowerNumbers(than: high))
        #expect(!high.hasLowerNumbers(than: low))
        #expect(!low.hasLowerNumbers(than: low))
        #expect(!low.hasSameNumbers(as: high))
        #expect(try low.hasSameNumbers(as: AppVersion(lower + "-rc-abcdef0")))
    }
}
