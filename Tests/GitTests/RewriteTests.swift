import Git
import TestServers
import Testing

/// What happens between two looks at a branch: commits added, history replaced, the branch moved back.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
struct RewriteTests {
    private static let start = 1_750_000_000
    private static let day = 86_400

    /// Over a shallow mirror (git serves), and over a complete one (libgit2 reads in place).
    enum Way: CaseIterable { case uploadPack, inPlace }

    private func reader(_ way: Way) throws -> Reader {
        try Reader(environment: way == .inPlace ? ["PATH": "/nonexistent"] : [:])
    }

    /// A branch with a history of a hundred days, its tip accepted; then it is changed and looked at again.
    private func look(
        _ way: Way, change: (GitFixture, _ tip: String) async throws -> Void
    ) async throws -> (tip: BranchTip, accepted: String) {
        let fixture = try await GitFixture()
        for index in 0..<10 {
            try await fixture.commit(
                to: "DEV", ["a": .text("\(index)")], time: Self.start - (10 - index) * 10 * Self.day)
        }
        let accepted = try await fixture.tip(of: "DEV")
        let reader = try reader(way)
        try await reader.open(fixture.path) { repository in
            let first = try await repository.update(branch: BranchName("DEV"))
            #expect(first.previous == nil && !first.isRewrite)
            try await repository.accept(first)
        }
        try await change(fixture, accepted)
        let tip = try await reader.open(fixture.path) { try await $0.update(branch: BranchName("DEV")) }
        #expect(tip.previous?.description == accepted)
        #expect(try await tip.commit.description == fixture.tip(of: "DEV"))
        return (tip, accepted)
    }

    @Test(arguments: Way.allCases)
    func `nothing changed`(_ way: Way) async throws {
        let (tip, accepted) = try await look(way) { _, _ in }
        #expect(!tip.isRewrite && tip.commit.description == accepted)
    }

    @Test(arguments: Way.allCases, [1, 5, 150])
    func `commits were added`(_ way: Way, _ count: Int) async throws {
        let (tip, _) = try await look(way) { fixture, _ in
            try await fixture.grow("DEV", by: count, from: Self.start)
        }
        #expect(!tip.isRewrite)
    }

    /// Committers' clocks differ: a newer commit may carry an older date.
    @Test(arguments: Way.allCases)
    func `a commit of a late clock was added`(_ way: Way) async throws {
        let (tip, _) = try await look(way) { fixture, _ in
            try await fixture.commit(to: "DEV", ["a": "late"], time: Self.start - 10 * Self.day - 3600)
        }
        #expect(!tip.isRewrite)
    }

    @Test(arguments: Way.allCases)
    func `a merge was added`(_ way: Way) async throws {
        let (tip, accepted) = try await look(way) { fixture, accepted in
            let side = try await fixture.commit(to: "side", ["b": "1"], parent: .none, time: Self.start)
            let tree = try await fixture.git("rev-parse", accepted + "^{tree}").filter { !$0.isWhitespace }
            let merge = try await fixture.git(
                "-c", "user.name=Dana", "-c", "user.email=d@example.com", "commit-tree", tree, "-p", side, "-p",
                accepted,
                "-m", "Merge")
            try await fixture.move("DEV", to: merge.filter { !$0.isWhitespace })
        }
        #expect(!tip.isRewrite, "\(accepted) is the second parent")
    }

    @Test(arguments: Way.allCases)
    func `the last commit was amended`(_ way: Way) async throws {
        let (tip, _) = try await look(way) { fixture, accepted in
            let parent = try await fixture.git("rev-parse", accepted + "^").filter { !$0.isWhitespace }
            try await fixture.commit(to: "DEV", ["a": "amended"], parent: .commit(parent), time: Self.start)
        }
        #expect(tip.isRewrite)
    }

    @Test(arguments: Way.allCases)
    func `the branch was moved back`(_ way: Way) async throws {
        let (tip, _) = try await look(way) { fixture, accepted in
            let old = try await fixture.git("rev-parse", accepted + "~5").filter { !$0.isWhitespace }
            try await fixture.move("DEV", to: old)
        }
        #expect(tip.isRewrite)
    }

    @Test(arguments: Way.allCases)
    func `the history was replaced`(_ way: Way) async throws {
        let (tip, _) = try await look(way) { fixture, _ in
            try await fixture.commit(to: "DEV", ["a": "anew"], parent: .none, time: Self.start)
        }
        #expect(tip.isRewrite)
    }

    /// A rewrite that nobody accepted stays one; accepting it makes it the new measure.
    @Test func `a refused rewrite is seen again until it is accepted`() async throws {
        let fixture = try await GitFixture()
        try await fixture.commit(to: "DEV", ["a": "1"])
        let reader = try Reader()
        try await reader.open(fixture.path) { repository in
            let branch = try BranchName("DEV")
            try await repository.accept(try await repository.update(branch: branch))
            try await fixture.commit(to: "DEV", ["a": "2"], parent: .none, time: 1_750_000_060)
            #expect(try await repository.update(branch: branch).isRewrite)
            let again = try await repository.update(branch: branch)
            #expect(again.isRewrite)
            try await repository.accept(again)
            #expect(try await !repository.update(branch: branch).isRewrite)
        }
    }

    /// A rewritten branch must not cost its whole history: only what is newer than the day before the accepted commit.
    @Test func `a rewrite transfers little`() async throws {
        let fixture = try await GitFixture()
        try await fixture.grow("DEV", by: 3000)
        let reader = try Reader()
        try await reader.open(fixture.path) { repository in
            let branch = try BranchName("DEV")
            try await repository.accept(try await repository.update(branch: branch))
            let size = Self.packs(reader)
            // 3,000 minutes are two days: history begins anew from a commit of half a day ago.
            let old = try await fixture.git("rev-parse", "DEV~700").filter { !$0.isWhitespace }
            try await fixture.commit(to: "DEV", ["a": "anew"], parent: .commit(old), time: 1_700_000_000 + 3001 * 60)
            #expect(try await repository.update(branch: branch).isRewrite)
            #expect(Self.packs(reader) - size < 2, "one more pack")
        }
    }

    private static func packs(_ reader: Reader) -> Int {
        TemporaryFolder.files(below: reader.cache.path).count { $0.hasSuffix(".pack") }
    }

    @Test(arguments: Way.allCases)
    func `ancestry is right or unknown`(_ way: Way) async throws {
        let fixture = try await GitFixture()
        try await fixture.grow("DEV", by: 30)
        try await fixture.commit(to: "LIVE", ["a": "1"])
        let ids = try await fixture.git("rev-list", "DEV").split(separator: "\n").map { try CommitID($0) }
        let reader = try reader(way)
        try await reader.open(fixture.path) { repository in
            let tip = try await repository.update(branch: BranchName("DEV")).commit
            let other = try await repository.update(branch: BranchName("LIVE")).commit
            #expect(try await repository.isAncestor(tip, of: tip) == .ancestor)
            #expect(try await repository.isAncestor(ids[1], of: tip) == .ancestor)
            // The shallow mirror ends at the tip's parent.
            let isComplete = way == .inPlace
            #expect(try await repository.isAncestor(ids[29], of: tip) == (isComplete ? .ancestor : .unknown))
            #expect(try await repository.isAncestor(other, of: tip) == (isComplete ? .unrelated : .unknown))
            // LIVE has one commit, all of which is here.
            #expect(try await repository.isAncestor(tip, of: other) == .unrelated)
        }
    }
}
