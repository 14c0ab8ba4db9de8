import Crypto
import FoundationEssentials
import TestServers
import Testing

@testable import Git

/// Agents that answer what they shouldn't, or nothing.
@Suite(
    .enabled(
        if: Requirement("an agent that misbehaves", programs: ["python3"], package: "python3").isToRun,
        "no python3"))
struct SSHAgentFaultTests {
    /// Takes one question after the other, and gives the same answer to each; nothing, and stays on the line, for `-`.
    private static let script = """
        import socket, sys
        server = socket.socket(socket.AF_UNIX)
        server.bind(sys.argv[1])
        server.listen()
        held = []
        while True:
            client, _ = server.accept()
            if not client.recv(65536): continue  # who only looked whether somebody listens
            if sys.argv[2] == "-":
                held.append(client)
                continue
            for byte in bytes.fromhex(sys.argv[2]): client.sendall(bytes([byte]))
            client.close()
        """

    /// The agent, the server that plays it, and the folder with its socket.
    private func agent(
        _ answer: String, patience: Duration = .seconds(20)
    ) async throws -> (agent: SSHAgent, server: BackgroundServer, folder: TemporaryFolder) {
        let folder = try TemporaryFolder()
        let inner = try folder.folder("agent")
        let socket = inner + "/socket"
        let server = try await BackgroundServer(
            "python3", ["-c", Self.script, socket, answer], folder: inner, ports: [], socket: socket)
        return (SSHAgent(socket: socket, patience: patience), server, folder)
    }

    private func key() throws -> SSHPublicKey {
        var writer = SSHWriter()
        writer.string("ssh-ed25519")
        writer.string(Array(Curve25519.Signing.PrivateKey().publicKey.rawRepresentation))
        return try SSHPublicKey(blob: writer.bytes[...])
    }

    /// In hexadecimal digits, the length first: a failure, other messages, fields cut short, lengths beyond all bounds.
    @Test(arguments: [
        ("0000000105", "agent-refused", "agent-refused"), ("0000000106", "agent-refused", "agent-refused"),
        ("00000000", "agent-refused", "agent-refused"), ("000000010c", "agent-protocol", "agent-refused"),
        ("000000010e", "agent-refused", "agent-protocol"), ("000000050cffffffff", "agent-protocol", "agent-refused"),
        ("000000050effffffff", "agent-refused", "agent-protocol"), ("ffffffff", "agent-protocol", "agent-protocol"),
        ("00040001", "agent-protocol", "agent-protocol"), ("000000", "agent-protocol", "agent-protocol"),
        ("00000010", "agent-protocol", "agent-protocol"), ("000000060e0000000000", "agent-refused", "agent-protocol"),
    ])
    func `an answer that is none is an error`(_ answer: String, _ listing: String, _ signing: String) async throws {
        let key = try key()
        let (agent, server, folder) = try await agent(answer)
        #expect(try await code { _ = try await agent.identities() } == listing)
        #expect(try await code { _ = try await agent.sign([1], with: key) } == signing)
        await server.stop()
        withExtendedLifetime(folder) {}
    }

    /// Whatever an agent calls a signature is checked before it is used.
    @Test func `a signature that is wrong is not taken`() async throws {
        var body = SSHWriter()
        body.string("ssh-ed25519")
        body.string([UInt8](repeating: 7, count: 64))
        var answer = SSHWriter()
        answer.raw([14])
        answer.string(body.bytes)
        var whole = SSHWriter()
        whole.string(answer.bytes)
        let digits = whole.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let key = try key()
        let (agent, server, folder) = try await agent(digits)
        let signer = try await Signer.open("key::\(key)", agent: agent.socket)
        #expect(try await code { _ = try await signer.sign([1], namespace: "git") } == "signature-wrong")
        await server.stop()
        withExtendedLifetime(folder) {}
    }

    @Test func `an agent that says nothing is given up`() async throws {
        let (hasty, first, one) = try await agent("-", patience: .milliseconds(200))
        #expect(try await code { _ = try await hasty.identities() } == "agent-timeout")
        await first.stop()
        withExtendedLifetime(one) {}
        // And at once where whoever asked no longer wants to know.
        let (patient, second, two) = try await agent("-")
        let task = Task { try await patient.identities() }
        task.cancel()
        #expect(try await code { _ = try await task.value } == "cancelled")
        await second.stop()
        withExtendedLifetime(two) {}
    }
}
