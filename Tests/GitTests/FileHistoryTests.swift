import Git
import TestServers
import Testing

/// What a file said in a branch's newest commits, from a mirror that began with its tip alone.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct FileHistoryTests {
    private static let path = "deploy-descriptor.yaml"

    private static func contents(
        _ reader: Reader, _ url: String, _ limit: Int, branch: String = "DEV"
    ) async throws -> [String] {
        try await reader.open(url) { repository in
            let branch = try BranchName(branch)
            let tip = try await repository.update(branch: branch)
            return try await repository.contents(of: path, from: tip.commit, of: branch, commits: limit)
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(arguments: PushTests.Way.available)
    func `the newest first, each once, and no further than asked`(_ way: PushTests.Way) async throws {
        let fixture = try await GitFixture()
        for (index, text) in ["1", "2", "2", "1", "3", "4"].enumerated() {
            try await fixture.commit(
                to: "DEV", [Self.path: .text(text), "other": .text("\(index)")], time: 1_750_000_000 + index * 60)
        }
        let (reader, url) = try await way.client(fixture)
        #expect(try await Self.contents(reader, url, 1) == ["4"])
        #expect(try await Self.contents(reader, url, 3) == ["4", "3", "1"])
        // What is here already is enough, and what is new comes to it.
        for _ in 0..<2 { #expect(try await Self.contents(reader, url, 100) == ["4", "3", "1", "2"]) }
        try await fixture.commit(to: "DEV", [Self.path: "5"], time: 1_750_000_900)
        #expect(try await Self.contents(reader, url, 2) == ["5", "4"])
        #expect(try await Self.contents(reader, url, 100) == ["5", "4", "3", "1", "2"])
    }

    @Test func `where the path was no file there is nothing`() async throws {
        let fixture = try await GitFixture()
        try await fixture.commit(to: "DEV", ["other": "0"], time: 1_750_000_000)
        try await fixture.commit(to: "DEV", [Self.path: .symlink("other")], time: 1_750_000_060)
        try await fixture.commit(to: "DEV", [Self.path: "1"], time: 1_750_000_120)
        #expect(try await Self.contents(try Reader(), fixture.path, 100) == ["1"])
        // Another branch of the same history shares what is here.
        try await fixture.move("LIVE", to: try await fixture.tip(of: "DEV"))
        #expect(try await Self.contents(try Reader(), fixture.path, 100, branch: "LIVE") == ["1"])
    }

    /// A branch that was accepted before is still known to follow from that.
    @Test func `a deeper look takes nothing away`() async throws {
        let fixture = try await GitFixture()
        try await fixture.grow("DEV", by: 150)
        let reader = try Reader()
        let branch = try BranchName("DEV")
        try await reader.open(fixture.path) { repository in
            try await repository.accept(try await repository.update(branch: branch))
        }
        try await fixture.commit(to: "DEV", [Self.path: "1"], time: 1_750_000_000)
        #expect(try await Self.contents(reader, fixture.path, 100) == ["1"])
        try await fixture.commit(to: "DEV", [Self.path: "2"], time: 1_750_000_060)
        #expect(try await Self.contents(reader, fixture.path, 3) == ["2", "1"])
        let tip = try await reader.open(fixture.path) { try await $0.update(branch: branch) }
        #expect(!tip.isRewrite && tip.previous != nil)
    }
}
