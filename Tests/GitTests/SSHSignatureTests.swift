import Crypto
import FoundationEssentials
import TestServers
import Testing

@testable import Git

/// Signatures against `ssh-keygen -Y`, both ways, and everything that must not pass for one.
@Suite(.enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"))
struct SSHSignatureTests {
    private let message = Array("a text to sign\nwith two lines\n".utf8)

    @Test(arguments: SSHKeys.Kind.allCases, ["sha256", "sha512"])
    func `what ssh-keygen signs is good here`(_ kind: SSHKeys.Kind, _ digest: String) async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(kind)
        let signature = try SSHSignature(armored: try await keys.sign(message, with: key, digest: digest))
        #expect(signature.namespace == "git")
        #expect(signature.publicKey == (try SSHPublicKey(key.publicKey)))
        try signature.verify(message, namespace: "git")
        #expect(refusal { try signature.verify(message + [0x20], namespace: "git") } == "signature-wrong")
        #expect(refusal { try signature.verify([], namespace: "git") } == "signature-wrong")
        #expect(refusal { try signature.verify(message, namespace: "file") } == "signature-namespace")
    }

    @Test(arguments: SSHKeys.Kind.allCases)
    func `what is signed here is good to ssh-keygen`(_ kind: SSHKeys.Kind) async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(kind)
        let signature = try await Signer.open(key.path, agent: nil).sign(message, namespace: "git")
        #expect(try await keys.check(signature, over: message))
        #expect(try await !keys.check(signature, over: message + [0]))
        #expect(try await keys.verify(signature, over: message, by: "dana", in: "dana \(key.publicKey)\n"))
        #expect(
            try await !keys.verify(
                signature, over: message, by: "dana", in: "dana \(key.publicKey)\n", namespace: "file"))
        // Armor and fields to the byte: what ssh-keygen wrote comes out again as it was.
        let other = try await keys.sign(message, with: key)
        #expect(try SSHSignature(armored: other).armored == other)
    }

    @Test func `a key's fingerprint is ssh-keygen's`() async throws {
        let keys = try SSHKeys()
        for kind in SSHKeys.Kind.allCases {
            let key = try await keys.make(kind, name: kind.rawValue)
            let line = try await Program.run("ssh-keygen", ["-l", "-f", key.path + ".pub"])
            #expect(line.split(separator: " ")[1] == (try SSHPublicKey(key.publicKey)).fingerprint)
        }
    }

    /// The signature of one key over one text, put together of another's parts.
    @Test func `a signature of another key is none`() async throws {
        let keys = try SSHKeys()
        let mine = try SSHSignature(
            armored: try await keys.sign(message, with: try await keys.make(.ed25519, name: "a")))
        let other = try SSHSignature(
            armored: try await keys.sign(message, with: try await keys.make(.ed25519, name: "b")))
        let mixed = SSHSignature(
            publicKey: mine.publicKey, namespace: "git", digest: mine.digest, signature: other.signature)
        #expect(refusal { try mixed.verify(message, namespace: "git") } == "signature-wrong")
        #expect(
            try await !keys.verify(mixed.armored, over: message, by: "a", in: "a \(mine.publicKey)\n"))
    }

    /// RSA may digest by SHA-256 too; SHA-1, which `ssh-rsa` means as the name of a signature, is not taken.
    @Test func `RSA signatures are taken by SHA-2 alone`() async throws {
        let keys = try SSHKeys()
        let key = try await keys.make(["-t", "rsa", "-b", "2048", "-m", "PEM"])
        let publicKey = try SSHPublicKey(key.publicKey)
        for (algorithm, digest, expected) in [
            ("rsa-sha2-256", "-sha256", nil), ("rsa-sha2-512", "-sha512", nil),
            ("ssh-rsa", "-sha1", "signature-algorithm"),
            ("rsa-sha2-256", "-sha512", "signature-wrong"), ("ssh-ed25519", "-sha512", "signature-algorithm"),
        ] as [(String, String, String?)] {
            let signed = SSHSignature.signedBytes(
                SSHSignature.Digest.sha512(message), namespace: "git", digest: .sha512)
            let input = keys.folder.path + "/signed"
            try TemporaryFolder.write(input, signed)
            let base64 = try await Program.run(
                "sh", ["-c", "openssl dgst \(digest) -sign '\(key.path)' '\(input)' | base64 -w0"])
            let raw = try #require(Data(base64Encoded: base64))
            var writer = SSHWriter()
            writer.string(algorithm)
            writer.string(Array(raw))
            let signature = SSHSignature(
                publicKey: publicKey, namespace: "git", digest: .sha512, signature: writer.bytes)
            #expect(refusal { try signature.verify(message, namespace: "git") } == expected, "\(algorithm) \(digest)")
            // ssh-keygen is of the same mind.
            #expect(
                try await keys.check(signature.armored, over: message) == (expected == nil), "\(algorithm) \(digest)")
        }
    }

    /// A key that could be broken, one that nobody should use any more, and one that only a certificate vouches for.
    @Test func `weak keys, DSA keys and certificates are refused by their own codes`() async throws {
        let keys = try SSHKeys()
        let weak = try await keys.make(["-t", "rsa", "-b", "1024"], name: "weak")
        #expect(refusal { _ = try SSHPublicKey(weak.publicKey) } == "key-weak")
        let signature = try await keys.sign(message, with: weak)
        #expect(refusal { _ = try SSHSignature(armored: signature) } == "key-weak")
        let dsa = try await keys.make(["-t", "dsa"], name: "dsa")
        #expect(refusal { _ = try SSHPublicKey(dsa.publicKey) } == "key-unsupported")

        let authority = try await keys.make(.ed25519, name: "ca")
        let key = try await keys.make(.ed25519, name: "dana")
        try await Program.run(
            "ssh-keygen", ["-q", "-s", authority.path, "-I", "dana", "-n", "dana", key.path + ".pub"])
        let text = try await Program.run("cat", [key.path + "-cert.pub"])
        #expect(refusal { _ = try SSHPublicKey(text) } == "certificate-not-key")
    }

    /// Armor that isn't whole, or in which something else stands.
    @Test func `what stands outside of the armor, or in place of it, is refused`() async throws {
        let keys = try SSHKeys()
        let text = String(
            decoding: try await keys.sign(message, with: try await keys.make(.ed25519)), as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        let crlf = lines.joined(separator: "\r\n") + "\r\n"
        #expect(throws: Never.self) { try SSHSignature(armored: Array(crlf.utf8)) }
        for bad in [
            "", "\n" + text, text + "x", text + text, lines.dropFirst().joined(separator: "\n"),
            lines.dropLast().joined(separator: "\n"), lines[0] + "\n" + lines[lines.count - 1] + "\n",
            text.replacing("SSH", with: "PGP"), lines[0] + "\n====\n" + lines[lines.count - 1],
            lines[0] + "\n" + String(repeating: "A", count: 70_000) + "\n" + lines[lines.count - 1],
        ] {
            #expect(
                refusal { _ = try SSHSignature(armored: Array(bad.utf8)) } == "signature-malformed", "\(bad.prefix(40))"
            )
        }
    }
}
