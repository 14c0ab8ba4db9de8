import FoundationEssentials
import Git
import TestServers
import Testing

/// A repository that is made anew, and its way to a server that has none of its branches.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct NewRepositoryTests {
    private static func drafts(_ names: [String], message: String = "Begin\n") throws -> [RootDraft] {
        let person = try CommitIdentity(name: "Ann Example", email: "ann@example.com", time: 1_760_000_000)
        return try names.map {
            RootDraft(
                branch: try BranchName($0),
                files: [
                    "deploy-descriptor.yaml": Array("# \($0)\napps: []\n".utf8), "a/b/c.txt": Array("c\n".utf8),
                    "a/d.txt": [],
                ], message: message, author: person, committer: person)
        }
    }

    private static let names = ["DEV", "LIVE", "STAGE"]

    private static func git(_ folder: String, _ arguments: String...) async throws -> String {
        try await Program.run(
            "git", ["-C", folder] + arguments,
            variables: ["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"])
    }

    /// git is the judge.
    @Test func `git takes it for its own`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/new.git"
        let new = try await NewRepository.create(at: path, Self.drafts(Self.names))
        _ = try await Self.git(path, "fsck", "--strict")
        let commits = await new.commits
        for name in Self.names {
            let tip = try await Self.git(path, "rev-parse", name)
            #expect(commits[try BranchName(name)]?.id.description == tip.filter { !$0.isNewline })
            #expect(try await Self.git(path, "rev-list", "--count", name) == "1\n")
            #expect(try await Self.git(path, "show", "\(name):deploy-descriptor.yaml") == "# \(name)\napps: []\n")
        }
        #expect(
            try await Self.git(path, "ls-tree", "-r", "--name-only", "DEV")
                == "a/b/c.txt\na/d.txt\ndeploy-descriptor.yaml\n")
        #expect(
            try await Self.git(path, "log", "--format=%an <%ae> %at %s", "DEV")
                == "Ann Example <ann@example.com> 1760000000 Begin\n")
        // A clone checks the first branch out, and Descry reads and writes it like any other.
        _ = try await Self.git(folder.path, "clone", "--quiet", path, "clone")
        #expect(try await Self.git(folder.path + "/clone", "branch", "--show-current") == "DEV\n")
        let reader = try Reader()
        try await reader.open(path) { repository in
            let tip = try await repository.update(branch: try BranchName("LIVE"))
            let commit = try await repository.prepare(PushTests.draft(tip, ["a/d.txt": "1\n"]))
            _ = try await repository.push(commit, to: try BranchName("LIVE"))
        }
        #expect(try await Self.git(path, "show", "LIVE:a/d.txt") == "1\n")
    }

    @Test(arguments: PushTests.Way.available)
    func `its branches get to an empty repository, over every carrier`(_ way: PushTests.Way) async throws {
        let fixture = try await GitFixture()
        try fixture.hook("post-receive", "echo \"$(wc -l) branches\"")
        let (reader, url) = try await way.client(fixture)
        let folder = try TemporaryFolder()
        let new = try await NewRepository.create(at: folder.path + "/new.git", Self.drafts(Self.names))
        let branches = try Self.names.map { try BranchName($0) }
        let answer = try await reader.open(url) { repository in
            try await repository.checkAbsent(branches)
            return try await repository.push(new)
        }
        #expect(answer.messages == ["3 branches"])
        try await fixture.git("fsck", "--strict")
        let commits = await new.commits
        for branch in branches {
            #expect(try await fixture.tip(of: branch.description) == commits[branch]?.id.description)
        }
        // Once they are there, they are not pushed again, not even the same ones.
        let codes = try await reader.open(url) { repository in
            [
                try await code { try await repository.checkAbsent(branches) },
                try await code { _ = try await repository.push(new) },
            ]
        }
        #expect(codes == ["branch-exists", "branch-exists"])
    }

    /// One branch that is there already keeps all others away.
    @Test(arguments: PushTests.Way.available)
    func `all of them or none`(_ way: PushTests.Way) async throws {
        let fixture = try await GitFixture()
        let rival = try await fixture.commit(to: "LIVE", ["n": "1\n"])
        let (reader, url) = try await way.client(fixture)
        let folder = try TemporaryFolder()
        let new = try await NewRepository.create(at: folder.path + "/new.git", Self.drafts(Self.names))
        try await reader.open(url) { repository in
            #expect(try await code { _ = try await repository.push(new) } == "branch-exists")
            // One that comes between the server's look and its own, and one that a hook refuses.
            try await fixture.delete("LIVE")
            try fixture.hook("pre-receive", "env -u GIT_QUARANTINE_PATH git update-ref refs/heads/LIVE \(rival)")
            #expect(try await code { _ = try await repository.push(new) } == "push-raced")
            #expect(try await fixture.git("for-each-ref", "--format=%(refname:short)") == "LIVE\n")
            try await fixture.delete("LIVE")
            try fixture.hook("pre-receive", "exit 0")
            try fixture.hook("update", "test $1 != refs/heads/STAGE || { echo 'STAGE is frozen'; exit 1; }")
            do {
                _ = try await repository.push(new)
                Issue.record("a refused push was taken")
            } catch let error as GitError {
                #expect(error.code == "push-refused" && error.message.contains("STAGE is frozen"), "\(error)")
            }
            #expect(try await fixture.git("for-each-ref").isEmpty)
        }
    }

    /// A server that knows no atomic push says of each branch what became of it.
    @Test func `what a server took alone is told`() async throws {
        let fixture = try await GitFixture()
        try await fixture.git("config", "receive.advertiseAtomic", "false")
        try fixture.hook("update", "test $1 != refs/heads/STAGE")
        let folder = try TemporaryFolder()
        let new = try await NewRepository.create(at: folder.path + "/new.git", Self.drafts(Self.names))
        try await Reader().open(fixture.path) { repository in
            do {
                _ = try await repository.push(new)
                Issue.record("a refused push was taken")
            } catch let error as GitError {
                #expect(error.code == "push-partial" && error.category == .denied)
                #expect(error.message.contains("It took DEV, LIVE all the same"), "\(error)")
            }
        }
    }

    @Test func `a draft that is none leaves an error`() async throws {
        let folder = try TemporaryFolder()
        #expect(
            try await code {
                _ = try await NewRepository.create(at: folder.path + "/a", Self.drafts(["DEV"], message: " \n"))
            } == "commit-message")
        #expect(
            try await code {
                _ = try await NewRepository.create(at: "/proc/none/a", Self.drafts(["DEV"]))
            } == "cache")
    }
}
