import TestServers
import Testing

@testable import Git

/// How `ssh` is called, and what its words mean.
@Suite struct SSHCommandTests {
    private func command(_ url: String, _ environment: [String: String] = [:]) throws -> ProcessCommand {
        let options = GitOptions(
            cacheDirectory: "/nonexistent", credentials: GitCredentials(token: .environment("GIT_TOKEN")),
            environment: environment)
        return try SSHCommand.make(remote: try RemoteURL(url), options: options)
    }

    @Test func `the host stands behind a double dash and the path in quotes`() throws {
        let command = try command("ssh://git@h:2222/it's!/a")
        #expect(command.executable == "ssh")
        #expect(
            command.arguments == [
                "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "SendEnv=GIT_PROTOCOL", "-T", "-p", "2222",
                "--",
                "git@h", "git-upload-pack '/it'\\''s'\\!'/a'",
            ])
        #expect(command.environment["GIT_PROTOCOL"] == "version=2")
    }

    /// `git-receive-pack` has no version 2, and isn't asked for one, not even by the user's own environment.
    @Test func `a push asks for no version of the protocol`() throws {
        let options = GitOptions(cacheDirectory: "/nonexistent", environment: ["GIT_PROTOCOL": "version=2"])
        let command = try SSHCommand.make(remote: try RemoteURL("h:a"), options: options, service: .receivePack)
        #expect(
            command.arguments == [
                "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T", "--", "h", "git-receive-pack 'a'",
            ])
        #expect(command.environment["GIT_PROTOCOL"] == nil)
    }

    @Test func `a child gets no credential and no other repository`() throws {
        let environment = try command(
            "h:a", ["GIT_TOKEN": PlantedSecret.marker, "GIT_DIR": "/x", "SSH_AUTH_SOCK": "/s", "HOME": "/h"]
        ).environment
        #expect(environment["GIT_TOKEN"] == nil && environment["GIT_DIR"] == nil)
        #expect(environment["SSH_AUTH_SOCK"] == "/s" && environment["HOME"] == "/h")
    }

    @Test func `GIT_SSH_COMMAND is split as a shell would`() throws {
        let rows: [(String, [String])] = [
            ("ssh", ["ssh"]), ("  ssh  -v\t-i key ", ["ssh", "-v", "-i", "key"]),
            ("ssh -i '/my keys/id'", ["ssh", "-i", "/my keys/id"]),
            ("ssh -i \"/my \\\"keys\\\"/id\"", ["ssh", "-i", "/my \"keys\"/id"]),
            ("ssh -i /my\\ keys/id", ["ssh", "-i", "/my keys/id"]), ("ssh ''", ["ssh", ""]),
            ("ssh 'a'\"b\"c", ["ssh", "abc"]),
            ("ssh '$HOME;`x`'", ["ssh", "$HOME;`x`"]),
        ]
        for (line, words) in rows { #expect(try SSHCommand.split(line) == words) }
        #expect(try command("h:a", ["GIT_SSH_COMMAND": "myssh -4", "GIT_SSH": "other"]).arguments.first == "-4")
        #expect(try command("h:a", ["GIT_SSH": "/opt/my ssh"]).executable == "/opt/my ssh")
    }

    /// What only a shell can do is refused: passed on as it is, it would mean something else.
    @Test(arguments: [
        "ssh -i $HOME/key", "ssh -i ~/key", "ssh; id", "ssh && id", "ssh | tee", "ssh > x", "$(ssh)", "`ssh`",
        "ssh -i \"$HOME\"",
        "ssh 'a", "ssh \\", "", "   ", "ssh *",
    ])
    func `what needs a shell is refused`(_ line: String) {
        #expect(throws: GitError.self) { try SSHCommand.split(line) }
    }

    @Test func `words of ssh and git become codes`() throws {
        let remote = try RemoteURL("git@h:a")
        let fallback = GitError(code: "connection-lost", message: "m", category: .unreachable)
        let rows: [(String, Int32, String)] = [
            (
                "@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@ Host key verification failed.", 255,
                "host-key-changed"
            ),
            ("No ED25519 host key is known for h. Host key verification failed.", 255, "host-key-unknown"),
            ("git@h: Permission denied (publickey).", 255, "ssh-denied"),
            ("ssh: Could not resolve hostname h: Name or service not known", 255, "host-not-found"),
            ("ssh: connect to host h port 22: Connection refused", 255, "connection-failed"),
            ("ssh: connect to host h port 22: Connection timed out", 255, "connect-timeout"),
            ("ERROR: Repository not found.", 1, "repository-not-found"),
            ("fatal: 'a' does not appear to be a git repository", 128, "repository-not-found"),
            ("Connection closed by 10.0.0.1 port 22", 255, "connection-lost"), ("", 0, "connection-lost"),
            ("something else", 1, "connection-lost"),
        ]
        for (words, exit, code) in rows {
            #expect(
                ProcessDiagnosis.error(words, exitCode: exit, remote: remote, fallback: fallback).code == code,
                "\(words)")
        }
    }
}
