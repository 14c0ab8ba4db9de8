import FoundationEssentials
import Git
import TestServers
import Testing

/// Pushing over every carrier, to servers that are git's own.
@Suite(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"), .timeLimit(.minutes(15)))
struct PushTests {
    /// A way to a repository that can be pushed to.
    enum Way: String, CaseIterable, Sendable {
        case http, basic, ssh, local

        static var available: [Way] {
            allCases.filter { way in
                switch way {
                case .http, .basic: Requirement.httpServer.isToRun
                case .ssh: Requirement.sshServer.isToRun
                case .local: true
                }
            }
        }

        /// A reader of its own with what it takes to push, and the fixture's URL.
        func client(_ fixture: GitFixture) async throws -> (Reader, String) {
            switch self {
            case .local: return (try Reader(), fixture.path)
            case .http:
                let server = try await GitHTTPServer.shared.value
                return (try Reader(), "\(server.plain)/git/\(try server.serve(fixture))")
            case .basic:
                let server = try await GitHTTPServer.shared.value
                var reader = try Reader(
                    credentials: GitCredentials(
                        username: .text(GitHTTPServer.user), password: .text(GitHTTPServer.password)))
                reader.options.certificateAuthority = server.authority.certificate
                return (reader, "\(server.secure)/basic/\(try server.serve(fixture))")
            case .ssh:
                let server = try await SSHServer.shared.value
                var reader = try Reader()
                reader.options.sshCommand = server.command(key: server.ed25519)
                return (reader, server.url(fixture))
            }
        }
    }

    private static let dev = "DEV"
    private static let start: [String: GitFixture.File] = [
        "deploy-descriptor.yaml": "apps: []\n", "a/b/c.txt": "c\n", "a/b.txt": "b\n", "z": .symlink("a/b.txt"),
    ]

    static func draft(_ tip: BranchTip, _ files: [String: String], _ message: String = "Change\n") throws -> CommitDraft
    {
        let person = try CommitIdentity(name: "Ann Example", email: "ann@example.com", time: 1_760_000_000)
        return CommitDraft(
            parent: tip.commit, files: files.mapValues { Array($0.utf8) }, message: message, author: person,
            committer: person)
    }

    @Test(arguments: Way.available) func `a commit lands, with its own change only`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(Self.start)
        // A history that the mirror doesn't fetch.
        for index in 0..<5 {
            try await fixture.commit(to: Self.dev, ["n": .text("\(index)\n")], time: 1_750_000_100 + index)
        }
        let before = try await fixture.tip(of: Self.dev)
        let (reader, url) = try await way.client(fixture)
        let branch = try BranchName(Self.dev)
        let commit = try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(
                Self.draft(
                    tip, ["a/b/c.txt": "changed\n", "deploy-descriptor.yaml": "apps: [] # é\n"], "Sübject\n\nBody"))
            _ = try await repository.push(commit, to: branch)
            // The mirror gets it as it gets everything: from the server.
            #expect(try await repository.update(branch: branch).commit == commit.id)
            #expect(try await repository.file(at: "a/b/c.txt", in: commit.id) == Array("changed\n".utf8))
            #expect(try await repository.commit(commit.id).subject == "Sübject")
            return commit
        }
        #expect(try await fixture.tip(of: Self.dev) == commit.id.description)
        try await fixture.git("fsck", "--strict", "--no-dangling")
        let changed = try await fixture.git("diff", "--name-status", before, Self.dev)
        #expect(changed == "M\ta/b/c.txt\nM\tdeploy-descriptor.yaml\n")
        let shown = try await fixture.git("log", "-1", "--format=%P|%an|%ae|%cn|%at|%s|%b", Self.dev)
        #expect(shown == "\(before)|Ann Example|ann@example.com|Ann Example|1760000000|Sübject|Body\n\n")
    }

    @Test func `a file's mode stays, and what is no file of the commit isn't written`() async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let clone = try fixture.folder.folder("clone")
        try await Program.run("git", ["clone", "-q", "-b", Self.dev, fixture.path, clone])
        try await Program.run("chmod", ["755", clone + "/a/b.txt"])
        let identity = ["-c", "user.name=a", "-c", "user.email=b"]
        try await Program.run("git", ["-C", clone] + identity + ["commit", "-qam", "mode"])
        try await Program.run("git", ["-C", clone, "push", "-q"])
        let branch = try BranchName(Self.dev)
        try await Reader().open(fixture.path) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "2\n"]))
            _ = try await repository.push(commit, to: branch)
            for path in ["none", "a", "z", "a/none/c", "a/b.txt/c"] {
                let code = try await code { _ = try await repository.prepare(Self.draft(tip, [path: "2\n"])) }
                #expect(code == "file-not-found", "\(path)")
            }
            #expect(
                try await code { _ = try await repository.prepare(Self.draft(tip, ["../x": ""])) } == "path-invalid")
            #expect(
                try await code { _ = try await repository.prepare(Self.draft(tip, ["a/b.txt": ""], " \n")) }
                    == "commit-message")
        }
        #expect(try await fixture.git("ls-tree", Self.dev, "a/b.txt").hasPrefix("100755 blob"))
    }

    /// The branch has moved since the commit was made: found by the server's first words, or by its compare-and-swap.
    @Test(arguments: Way.available) func `a lost race is told, and changes nothing`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let (reader, url) = try await way.client(fixture)
        let branch = try BranchName(Self.dev)
        try await reader.open(url) { repository in
            var tip = try await repository.update(branch: branch)
            _ = try await repository.push(
                try await repository.prepare(Self.draft(tip, ["a/b.txt": "1\n"])), to: branch)
            tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "2\n"]))
            let rival = try await fixture.commit(to: Self.dev, ["n": "1\n"], time: 1_760_000_001)
            #expect(try await code { _ = try await repository.push(commit, to: branch) } == "push-raced")
            #expect(try await fixture.tip(of: Self.dev) == rival)

            // Between the server's look at the branch and its own: a hook moves it.
            tip = try await repository.update(branch: branch)
            let late = try await repository.prepare(Self.draft(tip, ["a/b.txt": "3\n"]))
            let other = try await fixture.tip(of: "LIVE")
            try fixture.hook("pre-receive", "env -u GIT_QUARANTINE_PATH git update-ref refs/heads/DEV \(other)")
            #expect(try await code { _ = try await repository.push(late, to: branch) } == "push-raced")
            #expect(try await fixture.tip(of: Self.dev) == other)
        }
    }

    /// Each way to say no, and whose turn it is then.
    @Test(arguments: Way.available) func `a refusal has the server's own words`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let (reader, url) = try await way.client(fixture)
        let branch = try BranchName(Self.dev)
        let before = try await fixture.tip(of: Self.dev)
        try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "1\n"]))
            for (hook, words) in [("pre-receive", "pre-receive hook declined"), ("update", "hook declined")] {
                try fixture.hook(hook, "echo 'DEV is protected: \u{1B}[31mask Ann' >&2; exit 1")
                do {
                    _ = try await repository.push(commit, to: branch)
                    Issue.record("a refused push was taken")
                } catch let error as GitError {
                    #expect(error.code == "push-refused")
                    #expect(error.category == .denied)
                    #expect(error.message.contains(words), "\(error)")
                    #expect(error.message.contains("DEV is protected: [31mask Ann"), "\(error)")
                }
                TemporaryFolder.delete("\(fixture.path)/hooks/\(hook)")
            }
            #expect(try await fixture.tip(of: Self.dev) == before)
            // The very same commit, once nobody objects.
            try fixture.hook("post-receive", "echo 'Pipeline 12: https://ci.example.com/12'")
            let answer = try await repository.push(commit, to: branch)
            #expect(answer.messages == ["Pipeline 12: https://ci.example.com/12"])
        }
    }

    @Test(arguments: Way.available) func `push options reach the hooks`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let (reader, url) = try await way.client(fixture)
        let branch = try BranchName(Self.dev)
        try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "1\n"]))
            let refused = try await code { _ = try await repository.push(commit, to: branch, options: ["ci.skip"]) }
            #expect(refused == "push-options-unsupported")
        }
        try await fixture.git("config", "receive.advertisePushOptions", "true")
        try fixture.hook("pre-receive", "echo \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0 $GIT_PUSH_OPTION_1\"")
        try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "1\n"]))
            let evil = try await code { _ = try await repository.push(commit, to: branch, options: ["a\nb"]) }
            #expect(evil == "push-option")
            let answer = try await repository.push(commit, to: branch, options: ["ci.skip", "é=1"])
            #expect(answer.messages == ["2 ci.skip é=1"])
        }
    }

    /// A hook that thinks for a while, which the idle deadline for reading must not end.
    @Test(arguments: Way.available) func `a slow hook is waited for`(_ way: Way) async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let gate = fixture.folder.path + "/gate"
        try await Program.run("mkfifo", [gate])
        try fixture.hook("pre-receive", "cat \(gate)")
        var (reader, url) = try await way.client(fixture)
        reader.options.deadlines.idle = .seconds(5)
        let branch = try BranchName(Self.dev)
        try await reader.open(url) { repository in
            let tip = try await repository.update(branch: branch)
            let commit = try await repository.prepare(Self.draft(tip, ["a/b.txt": "1\n"]))
            async let answer = repository.push(commit, to: branch)
            // Waits until the hook reads.
            try await Program.run("sh", ["-c", "echo go >'\(gate)'"])
            #expect(try await answer.messages == ["go"])
        }
        #expect(try await fixture.git("show", "DEV:a/b.txt") == "1\n")
    }

    @Test(.enabled(if: Requirement.httpServer.isToRun, "\(Requirement.httpServer)"))
    func `who may not push is told so, and who can't be reached`() async throws {
        let server = try await GitHTTPServer.shared.value
        let fixture = try await GitFixture.environments(Self.start)
        let name = try server.serve(fixture)
        let branch = try BranchName(Self.dev)
        let commit = try await Reader().open("\(server.plain)/git/\(name)") { repository in
            try await repository.prepare(Self.draft(try await repository.update(branch: branch), ["a/b.txt": "1\n"]))
        }
        let closed = try BackgroundServer.freePort()
        try await fixture.git("config", "http.receivepack", "false")
        let rows: [(String, String, GitError.Category)] = [
            ("\(server.plain)/basic/\(name)", "unauthorized", .denied),
            ("\(server.plain)/git/\(name)", "forbidden", .denied),
            ("\(server.plain)/git/none.git", "repository-not-found", .refused),
            ("\(server.plain)/status/503/\(name)", "server-error", .unreachable),
            ("http://127.0.0.1:\(closed)/a.git", "connection-failed", .unreachable),
            ("\(server.secure)/git/\(name)", "tls-untrusted", .denied),
            ("git://127.0.0.1:\(closed)/a.git", "push-unsupported", .refused),
        ]
        for (url, expected, category) in rows {
            do {
                _ = try await Reader().open(url) { try await $0.push(commit, to: branch) }
                Issue.record("\(expected) was expected")
            } catch let error as GitError {
                #expect(error.code == expected, "\(error)")
                #expect(error.category == category)
            }
        }
        let inPlace = try await code {
            _ = try await Reader(environment: ["PATH": "/nonexistent"]).open(fixture.path) {
                try await $0.push(commit, to: branch)
            }
        }
        #expect(inPlace == "program-not-found")
        #expect(try await fixture.tip(of: Self.dev) == commit.parent.description)
    }

    /// The signature stands where git looks for it, over the bytes that git checks.
    @Test(.enabled(if: Requirement.sshServer.isToRun, "\(Requirement.sshServer)"))
    func `a signed commit is verified by git`() async throws {
        let fixture = try await GitFixture.environments(Self.start)
        let key = fixture.folder.path + "/key"
        try await Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "ann@example.com", "-f", key])
        let publicKey = try await Program.run("cat", [key + ".pub"])
        let allowed = try fixture.folder.write("allowed", "ann@example.com \(publicKey)")
        let branch = try BranchName(Self.dev)
        try await Reader().open(fixture.path) { repository in
            let tip = try await repository.update(branch: branch)
            var draft = try Self.draft(tip, ["a/b.txt": "1\n"], "Signed\n\nWith a body")
            draft.sign = { bytes in
                Array(try await Program.run("ssh-keygen", ["-Y", "sign", "-n", "git", "-f", key], input: bytes).utf8)
            }
            _ = try await repository.push(try await repository.prepare(draft), to: branch)
        }
        try await Program.run(
            "git", ["-C", fixture.path, "-c", "gpg.ssh.allowedSignersFile=\(allowed)", "verify-commit", Self.dev])
        try await fixture.git("fsck", "--strict")
        #expect(try await fixture.git("log", "-1", "--format=%B", Self.dev) == "Signed\n\nWith a body\n\n")
    }
}
