import Documents
import Testing

@testable import Reconciling

/// A guard that is written down and not kept is worse than none: such an environment is not deployed to.
@Suite struct UnenforcedSettingTests {
    private static let file = """
        environment: LIVE
        repository: https://git.example.com/shop/deployments.git
        namespace: shop-live
        registry: nexus.example.com/shop

        """

    @Test(arguments: [
        ("", 0), ("windows: [{allow: Mon-Fri}]", 0), ("allowedSigners: signers\napprovals: {count: 2}", 1),
    ])
    func `an environment with a guard that is not enforced is refused`(settings: String, count: Int) throws {
        let environment = try EnvironmentSettings.parse(Array((Self.file + settings + "\n").utf8), file: "LIVE.yaml")
            .resolve(name: "LIVE")
        do throws(Refused) {
            try environment.refuseUnenforced()
            #expect(count == 0)
        } catch {
            #expect(error.diagnostics.map(\.code) == Array(repeating: "not-enforced", count: count))
        }
    }
}
