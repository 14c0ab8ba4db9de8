import Documents
import Git
import Testing

@testable import Reconciling

/// What an environment file may say of windows, signatures and approvals, and what comes of it.
@Suite struct GuardSettingTests {
    private static let file = """
        environment: DEV
        repository: https://git.example.com/shop.git
        namespace: shop
        registry: nexus.example.com/shop

        """

    private func environment(_ text: String) throws -> Environment {
        try EnvironmentSettings.parse(Array((Self.file + text).utf8), file: "/etc/descry/DEV.yaml").resolve(name: "DEV")
    }

    /// Without a word nothing is guarded, and no file is looked for.
    @Test func `an environment is open unless it says otherwise`() throws {
        for text in ["", "requireSigned: false\n", "allowedSigners: signers\ngpgHome: gnupg\n"] {
            let environment = try environment(text)
            #expect(environment.windows == .none && environment.approvals == nil)
            #expect(environment.signatures.rule == .none)
        }
    }

    @Test func `settings become values, and paths begin at the file's folder`() throws {
        let environment = try environment(
            """
            requireSigned: all
            allowedSigners: signers
            gpgHome: /var/gnupg
            approvals: {count: 2, authorMayApprove: true, expiry: 24h}
            windows: [{deny: "Fri 15:00-24:00"}]
            """)
        #expect(environment.signatures.rule == .all)
        #expect(environment.signatures.allowedSigners == "/etc/descry/signers")
        #expect(environment.signatures.gpgHome == "/var/gnupg")
        let approvals = try #require(environment.approvals)
        #expect(approvals.count == 2 && approvals.signers == "/etc/descry/signers" && approvals.authorMayApprove)
        #expect(approvals.expiry == .seconds(86_400))
        #expect(environment.windows.windows.map(\.description) == ["deny Fri 15:00-24:00 UTC"])
        let own = try self.environment("requireSigned: true\ngpgHome: g\napprovals: {count: 1, signers: approvers}\n")
        #expect(own.signatures.rule == .tip && own.approvals?.signers == "/etc/descry/approvers")
        #expect(own.approvals?.authorMayApprove == false && own.approvals?.expiry == nil)
    }

    @Test func `reverts have somebody to commit them, and an end`() throws {
        let plain = try environment("rollout: {onFailure: revert}\n")
        #expect(plain.rollout.onFailure == .revert && plain.rollout.onFailure.rollsBack)
        #expect(plain.revert.author == nil && plain.revert.signKey == nil)
        #expect(plain.revert.limit == 3 && plain.revert.period == .seconds(86_400))
        let own = try environment(
            """
            requireSigned: true
            allowedSigners: s
            rollout: {onFailure: revert}
            revert: {author: Descry <descry@example.com>, signKey: key, limit: 1, period: 1h}
            """)
        #expect(own.revert.author?.description == "Descry <descry@example.com>")
        #expect(own.revert.signKey == "/etc/descry/key")
        #expect(own.revert.limit == 1 && own.revert.period == .seconds(3600))
        // A flag goes over the file, and the file's guard stays.
        let file = try EnvironmentSettings.parse(
            Array((Self.file + "requireSigned: true\nallowedSigners: s\n").utf8), file: "DEV.yaml")
        let flags = try EnvironmentSettings.flags([.rolloutOnFailure: "revert"])
        #expect(throws: Refused.self) { try flags.overriding(file).resolve(name: "DEV") }
    }

    /// A guard that could never let anything through, or that guards nothing, was not meant so.
    @Test(arguments: [
        "requireSigned: true", "requireSigned: all", "approvals: {count: 1}", "approvals: {signers: s}",
        "approvals: {authorMayApprove: true, signers: s}", "approvals: {expiry: 1h}",
        // Descry would refuse its own commit.
        "requireSigned: true\nallowedSigners: s\nrollout: {onFailure: revert}",
        "requireSigned: all\ngpgHome: g\nrollout: {onFailure: revert}\nrevert: {signKey: k}",
    ])
    func `a guard needs those who may`(_ text: String) throws {
        let error = #expect(throws: Refused.self) { try environment(text) }
        #expect(error?.diagnostics.allSatisfy { $0.code == "incomplete-settings" } == true)
    }

    /// Were they taken from elsewhere, whoever runs Descry could lift them.
    @Test func `neither a variable nor a flag can lift a guard`() throws {
        let names = ["WINDOWS", "REQUIRE_SIGNED", "ALLOWED_SIGNERS", "GPG_HOME", "APPROVALS_COUNT", "COUNT"]
        let variables = Dictionary(uniqueKeysWithValues: names.map { ("DESCRY_" + $0, "false") })
        #expect(try EnvironmentSettings.variables(variables).given.isEmpty)
        let texts = Dictionary(
            uniqueKeysWithValues: EnvironmentSetting.allCases.filter(\.isGuard).map { ($0, "false") })
        #expect(texts.count == 8)
        #expect(try EnvironmentSettings.flags(texts).given.isEmpty)
    }

    /// A zone that this machine doesn't know is told where it stands, with the nearest that it knows.
    @Test func `a machine without time zones says so at the window`() throws {
        let text = Self.file + "windows:\n  - {allow: Mon}\n  - {allow: Tue, timezone: Europe/Berlin}\n"
        let error = #expect(throws: Refused.self) {
            try EnvironmentSettings.parse(
                Array(text.utf8), file: "DEV.yaml", zones: ZoneDatabase(folder: "/nonexistent"))
        }
        #expect(error?.diagnostics.map(\.code) == ["no-timezone-data"])
        #expect(error?.diagnostics.first?.position?.description == "7:28")
    }
}
