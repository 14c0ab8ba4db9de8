import Git
import TestServers
import Testing

/// Pushes that were sent and whose answers never came: what became of them is looked up, never guessed.
@Suite(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"), .timeLimit(.minutes(15)))
struct LostAnswerTests {
    private static func fixture() async throws -> GitFixture {
        try await GitFixture.environments(["a": "0\n", "deploy-descriptor.yaml": "apps: []\n"])
    }

    /// Asks until a server that is at work has come to an end.
    private static func landed(
        _ commit: PreparedCommit, on branch: BranchName, in repository: GitRepository
    ) async throws -> CommitID? {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if let id = try await repository.landed([commit.id], on: branch, since: commit.parent) { return id }
        }
        return nil
    }

    @Test func `a connection that is cut after the pack was taken`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await Self.fixture()
        let name = try server.serve(fixture)
        let port = try #require(Int(server.plain.split(separator: ":").last ?? ""))
        let proxy = try CuttingProxy(
            server: port, cuts: 1, request: "POST /git/\(name)/git-receive-pack", answer: "unpack ok")
        let branch = try BranchName("DEV")
        let reader = try Reader()
        try await reader.open("http://127.0.0.1:\(proxy.port)/git/\(name)") { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(PushTests.draft(tip, ["a": "1\n"]))
            #expect(try await repository.landed([commit.id], on: branch, since: tip.commit) == nil)
            #expect(try await code { _ = try await repository.push(commit, to: branch) } == "push-unanswered")
            #expect(proxy.remaining == 0)
            #expect(try await repository.landed([commit.id], on: branch, since: tip.commit) == commit.id)
            // Others go on from it: still found, also where the mirror fetches their tip alone.
            for index in 0..<4 {
                try await fixture.commit(to: "DEV", ["n": .text("\(index)")], time: 1_760_000_100 + index)
            }
            #expect(try await repository.landed([commit.id], on: branch, since: tip.commit) == commit.id)
            let other = try await repository.prepare(PushTests.draft(tip, ["a": "2\n"]))
            #expect(try await repository.landed([other.id], on: branch, since: tip.commit) == nil)
            #expect(try await repository.landed([other.id, commit.id], on: branch, since: tip.commit) == commit.id)
        }
    }

    /// The program at the other end is killed right after it has moved the branch.
    @Test(arguments: PushTests.Way.available) func `a server that dies before the report`(_ way: PushTests.Way)
        async throws
    {
        let fixture = try await Self.fixture()
        let (reader, url) = try await way.client(fixture)
        let branch = try BranchName("DEV")
        try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(PushTests.draft(tip, ["a": "1\n"]))
            try fixture.hook("reference-transaction", "if [ \"$1\" = committed ]; then kill -9 $PPID; fi")
            #expect(try await code { _ = try await repository.push(commit, to: branch) } == "push-unanswered")
            #expect(try await Self.landed(commit, on: branch, in: repository) == commit.id)
        }
    }

    /// The server goes on with what the client no longer waits for. Until it is done, the branch doesn't have the commit.
    @Test func `a hook that accepts after the deadline`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await Self.fixture()
        let gate = fixture.folder.path + "/gate"
        try await Program.run("mkfifo", [gate])
        try fixture.hook("pre-receive", "cat \(gate)")
        let name = try server.serve(fixture)
        var reader = try Reader()
        reader.options.deadlines.hooks = .milliseconds(500)
        let branch = try BranchName("DEV")
        try await reader.open("\(server.plain)/git/\(name)") { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(PushTests.draft(tip, ["a": "1\n"]))
            #expect(try await code { _ = try await repository.push(commit, to: branch) } == "push-unanswered")
            #expect(try await repository.landed([commit.id], on: branch, since: tip.commit) == nil)
            try await Program.run("sh", ["-c", "echo go >'\(gate)'"])
            #expect(try await Self.landed(commit, on: branch, in: repository) == commit.id)
        }
    }

    /// Before anything was sent there is nothing to look up: these are plain failures.
    @Test func `a server that breaks off before the push`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await Self.fixture()
        let name = try server.serve(fixture)
        let port = try #require(Int(server.plain.split(separator: ":").last ?? ""))
        let proxy = try CuttingProxy(
            server: port, cuts: 1, request: "info/refs?service=git-receive-pack", answer: "service=git-receive-pack")
        let branch = try BranchName("DEV")
        try await Reader().open("http://127.0.0.1:\(proxy.port)/git/\(name)") { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(PushTests.draft(tip, ["a": "1\n"]))
            // What only reads is asked for once more by itself.
            _ = try await repository.push(commit, to: branch)
            #expect(proxy.remaining == 0)
        }
        let silent = try FakeServer([.hang])
        var reader = try Reader()
        reader.options.deadlines.idle = .milliseconds(300)
        let commit = try await Reader().open(fixture.path) { repository in
            try await repository.prepare(PushTests.draft(try await repository.update(branch: branch), ["a": "2\n"]))
        }
        let unanswered = try await code { [reader] in
            _ = try await reader.open("http://127.0.0.1:\(silent.port)/a.git") { try await $0.push(commit, to: branch) }
        }
        #expect(unanswered == "idle-timeout")
    }
}
