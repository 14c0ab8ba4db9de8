import Documents
import FoundationEssentials
import Reporting
import Testing

@testable import Reconciling

/// What a commit says of the versions that it changes.
@Suite struct ChangeMessageTests {
    private static let version = "1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343"

    private static func text(
        _ count: Int, words: String? = nil, build: String? = nil, commit: String? = nil,
        purpose: ChangePurpose = .deploy, proof: ChangeReport.Proof? = nil, insteadOf: String? = nil
    ) throws -> String {
        let apps = (0..<count).map {
            ChangeReport.App(
                app: "app-\($0)", from: "1.0.0-rc-0123456", to: version, proof: proof, insteadOf: insteadOf)
        }
        return ChangeMessage(
            environment: "DEV", purpose: purpose, apps: apps, words: words,
            origin: try ChangeOrigin(build: build, sourceCommit: commit)
        ).text
    }

    @Test func `one app, with its build and its source`() throws {
        #expect(
            try Self.text(1, build: "https://ci.example.com/job/12/", commit: "020C8BB6") == """
                Deploy app-0 1.1.0-rc-020c8bb to DEV

                app-0 1.0.0-rc-0123456 → 1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343

                App: app-0
                Version: 1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343
                Build-URL: https://ci.example.com/job/12/
                Source-Commit: 020c8bb6

                """)
    }

    @Test func `several apps are named, many are counted`() throws {
        #expect(try Self.text(2).hasPrefix("Deploy app-0 1.1.0-rc-020c8bb, app-1 1.1.0-rc-020c8bb to DEV\n\n"))
        let many = try Self.text(40)
        #expect(many.hasPrefix("Deploy 40 apps to DEV\n\n"))
        #expect(many.split(separator: "\n").count { $0.hasPrefix("App: app-") } == 40)
        #expect(many.split(separator: "\n").count { $0.hasPrefix("Version: 1.1.0") } == 40)
    }

    @Test func `a promotion names where the versions are from, and what has proven them`() throws {
        let proof = ChangeReport.Proof(
            environment: "QA", deployment: 7, commit: "c", since: Date(timeIntervalSince1970: 0))
        #expect(
            try Self.text(
                1, purpose: .promote(from: "QA", commit: "41601085"), proof: proof, insteadOf: "1.1.0-rc-99999999")
                    == """
                    Promote app-0 1.1.0-rc-020c8bb from QA to DEV

                    app-0 1.0.0-rc-0123456 → \(Self.version) (the release of 1.1.0-rc-9999999, proven by deployment 7 of QA)

                    App: app-0
                    Version: \(Self.version)
                    Promoted-From: QA@41601085

                    """)
        #expect(
            try Self.text(4, purpose: .promote(from: "QA", commit: "c")).hasPrefix("Promote 4 apps from QA to DEV\n"))
    }

    @Test func `a rollback names the commits whose versions it restores`() throws {
        let text = try Self.text(1, purpose: .rollBack(to: ["c2", "c1"]))
        #expect(text.hasPrefix("Roll back app-0 to 1.1.0-rc-020c8bb in DEV\n\n"))
        #expect(text.hasSuffix("Version: \(Self.version)\nRestored-From: DEV@c2\nRestored-From: DEV@c1\n"))
    }

    @Test func `one's own words stand above the trailers`() throws {
        let text = try Self.text(1, words: "Autumn release\n\nSee the plan.")
        #expect(text.hasPrefix("Autumn release\n\nSee the plan.\n\nApp: app-0\nVersion: "))
    }

    /// What a trailer can't hold is refused where somebody said it, and left out where a CI server did.
    @Test func `a build's URL and a commit are checked`() throws {
        for (build, commit, code) in [
            ("https://x/ y", nil, "build-url"), ("a\nApp: b", nil, "build-url"), ("", nil, "build-url"),
            (nil, "main", "source-commit"), (nil, "012345", "source-commit"),
        ] as [(String?, String?, String)] {
            do {
                _ = try ChangeOrigin(build: build, sourceCommit: commit)
                Issue.record("\(code) was expected")
            } catch {
                #expect(error.diagnostics.map(\.code) == [code])
            }
        }
        let known = ChangeOrigin.variables(["GIT_COMMIT": "origin/main", "GITHUB_SHA": "0123456789"], build: "a b")
        #expect(known.build == nil && known.sourceCommit == "0123456789")
    }
}
