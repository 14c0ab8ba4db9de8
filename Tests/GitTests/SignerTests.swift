import TestServers
import Testing

@testable import Git

/// Who signs: a key file by itself, or an `ssh-agent` that has the key.
@Suite(.enabled(if: Requirement.sshAgent.isToRun, "\(Requirement.sshAgent)"))
struct SignerTests {
    private let message = Array("a text to sign\n".utf8)

    /// A real agent on a socket of its own.
    private func agent(_ keys: SSHKeys) async throws -> (server: BackgroundServer, socket: String) {
        let folder = try keys.folder.folder("agent")
        let socket = folder + "/socket"
        let server = try await BackgroundServer(
            "ssh-agent", ["-D", "-a", socket], folder: folder, ports: [], socket: socket)
        return (server, socket)
    }

    private func add(_ key: SSHKeys.Key, to socket: String, passphrase: String = "") async throws {
        let ask = key.path + ".ask"
        try TemporaryFolder.write(ask, Array("#!/bin/sh\necho '\(passphrase)'\n".utf8), mode: 0o700)
        try await Program.run(
            "ssh-add", ["-q", key.path],
            variables: ["SSH_AUTH_SOCK": socket, "SSH_ASKPASS": ask, "SSH_ASKPASS_REQUIRE": "force"])
    }

    @Test(arguments: SSHKeys.Kind.allCases)
    func `an agent signs with the key that a .pub file or a literal names`(_ kind: SSHKeys.Kind) async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(kind)
        let (server, socket) = try await agent(keys)
        try await add(key, to: socket)
        for name in [key.path + ".pub", "key::" + key.publicKey] {
            let signature = try await Signer.open(name, agent: socket).sign(message, namespace: "git")
            #expect(try await keys.check(signature, over: message))
            #expect(try await keys.verify(signature, over: message, by: "dana", in: "dana \(key.publicKey)\n"))
        }
        await server.stop()
    }

    @Test func `a key with a passphrase is signed with by the agent, or refused with its name`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519, passphrase: "hunter2")
        #expect(try await code { _ = try await Signer.open(key.path, agent: nil) } == "key-encrypted")
        let (server, socket) = try await agent(keys)
        #expect(try await code { _ = try await Signer.open(key.path, agent: socket) } == "key-encrypted")
        try await add(key, to: socket, passphrase: "hunter2")
        let signature = try await Signer.open(key.path, agent: socket).sign(message, namespace: "git")
        #expect(try await keys.check(signature, over: message))
        await server.stop()
        #expect(try await code { _ = try await Signer.open(key.path, agent: socket) } == "agent-unreachable")
    }

    @Test func `without a name the agent's only key signs`() async throws {
        let keys = try SSHKeys()
        let (server, socket) = try await agent(keys)
        #expect(try await code { _ = try await Signer.open(nil, agent: socket) } == "agent-empty")
        let one = try await keys.make(.ecdsa256, name: "one")
        try await add(one, to: socket)
        let signature = try await Signer.open(nil, agent: socket).sign(message, namespace: "git")
        #expect(try await keys.check(signature, over: message))
        try await add(try await keys.make(.ed25519, name: "two"), to: socket)
        #expect(try await code { _ = try await Signer.open(nil, agent: socket) } == "agent-ambiguous")
        let absent = try await keys.make(.ed25519, name: "absent")
        let signer = try await Signer.open(absent.path + ".pub", agent: socket)
        #expect(try await code { _ = try await signer.sign(message, namespace: "git") } == "agent-refused")
        await server.stop()
    }

    /// Files that aren't keys, or not in a form that is read; and no agent where one is needed.
    @Test func `what can't be signed with is refused by its own code`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let pem = try await keys.make(["-t", "rsa", "-b", "2048", "-m", "PEM"], name: "pem")
        let weak = try await keys.make(["-t", "rsa", "-b", "1024"], name: "weak")
        let text = String(decoding: try await Program.run("cat", [key.path]).utf8, as: UTF8.self)
        let lines = text.split(separator: "\n")
        let cut = keys.folder.path + "/cut"
        let short = lines.prefix(2).joined(separator: "\n") + "\n-----END OPENSSH PRIVATE KEY-----\n"
        try TemporaryFolder.write(cut, Array(short.utf8))
        for (name, expected) in [
            (key.path + "-no", "key-file"), (keys.folder.path, "key-file"), (pem.path, "key-format"),
            (weak.path, "key-weak"), (cut, "key-malformed"), (key.path + ".pub", "agent-missing"),
            ("key::ssh-ed25519 AAAA", "key-malformed"), ("key::" + key.publicKey, "agent-missing"),
        ] {
            #expect(try await code { _ = try await Signer.open(name, agent: nil) } == expected, "\(name)")
        }
        #expect(try await code { _ = try await Signer.open(nil, agent: "") } == "agent-missing")
    }

    /// Every prefix of a key file's content, and every changed byte: an error, or the same key, and no crash.
    @Test func `a damaged key file is refused`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let lines = try await Program.run("cat", [key.path]).split(separator: "\n").map(String.init)
        let body = Array(lines.dropFirst().dropLast().joined().utf8)
        let publicKey = try SSHPublicKey(key.publicKey)
        var random = Lehmer(seed: 3)
        for _ in 0..<3000 {
            var changed = body
            if random.next(2) == 0 { changed.removeLast(random.next(changed.count)) }
            if !changed.isEmpty { changed[random.next(changed.count)] = UInt8(0x41 + random.next(26)) }
            let text = [lines[0], String(decoding: changed, as: UTF8.self), lines[lines.count - 1], ""]
            do throws(GitError) {
                if case .usable(let read) = try SSHPrivateKey.read(Array(text.joined(separator: "\n").utf8)) {
                    #expect(read.publicKey == publicKey)
                }
            } catch {
                #expect(error.category == .refused)
            }
        }
    }
}
