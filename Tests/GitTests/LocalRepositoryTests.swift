import Git
import TestServers
import Testing

/// A repository on this machine, through `git upload-pack` and, where there is no git, through libgit2.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
struct LocalRepositoryTests {
    /// With git in PATH, and without.
    enum Way: CaseIterable { case uploadPack, inPlace }

    private func reader(_ way: Way) throws -> Reader {
        try Reader(environment: way == .inPlace ? ["PATH": "/nonexistent"] : [:])
    }

    @Test(arguments: Way.allCases)
    func `a file of each branch is read`(_ way: Way) async throws {
        let fixture = try await GitFixture()
        for branch in ["DEV", "STAGE", "LIVE"] {
            try await fixture.commit(to: branch, ["deploy-descriptor.yaml": .text("apps: [] # \(branch)\n")])
        }
        let reader = try reader(way)
        for branch in ["DEV", "STAGE", "LIVE"] {
            #expect(
                try await reader.text("deploy-descriptor.yaml", of: branch, at: fixture.path)
                    == "apps: [] # \(branch)\n")
            #expect(
                try await reader.text("deploy-descriptor.yaml", of: branch, at: "file://" + fixture.path)
                    == "apps: [] # \(branch)\n")
        }
    }

    @Test(arguments: Way.allCases)
    func `branches and HEAD are listed at once`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(["a": "1"])
        let refs = try await reader(way).open(fixture.path) { try await $0.refs() }
        #expect(refs.branches.keys.sorted().map(\.description) == ["DEV", "LIVE", "STAGE"])
        #expect(refs.head?.description == "DEV")
        #expect(try await refs.branches[BranchName("LIVE")]?.description == fixture.tip(of: "LIVE"))
    }

    @Test(arguments: Way.allCases)
    func `what isn't there is refused by its own code`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(["a": "1"])
        let empty = try await GitFixture()
        let reader = try reader(way)
        #expect(try await code { _ = try await reader.text("a", of: "PROD", at: fixture.path) } == "branch-not-found")
        #expect(try await code { _ = try await reader.text("a", of: "DEV", at: empty.path) } == "repository-empty")
        #expect(
            try await code { _ = try await reader.text("a", of: "DEV", at: fixture.path + "-no") }
                == "repository-not-found")
        #expect(
            try await code { _ = try await reader.text("a", of: "DEV", at: fixture.folder.path) }
                == "repository-not-found")
    }

    @Test(arguments: Way.allCases)
    func `a SHA-256 repository is refused`(_ way: Way) async throws {
        let fixture = try await GitFixture(objectFormat: "sha256")
        try await fixture.commit(to: "DEV", ["a": "1"])
        let reader = try reader(way)
        #expect(try await code { _ = try await reader.text("a", of: "DEV", at: fixture.path) } == "sha256-repository")
    }
}
