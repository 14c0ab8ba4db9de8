import Descriptors
import Documents
import Testing

@testable import Reconciling

/// What a commit says of the versions that it changes.
@Suite struct ChangeMessageTests {
    private static func changes(_ count: Int) throws -> [DescriptorEdit.Change] {
        let names = (0..<count).map { "app-\($0)" }
        let text = "apps: [" + names.map { "{name: \($0), version: 1.0.0-rc-0123456}" }.joined(separator: ", ") + "]"
        let version = try AppVersion("1.1.0-rc-020c8bb63785074bc3702c003333852fc8d9a343")
        let versions = Dictionary(uniqueKeysWithValues: names.map { ($0, version) })
        return try DescriptorEdit(versions, in: Array(text.utf8), file: "d").changes
    }

    private static func text(_ count: Int, words: String? = nil, build: String? = nil, commit: String? = nil) throws
        -> String
    {
        ChangeMessage(
            environment: "DEV", changes: try changes(count), words: words,
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
