import Crypto
import FoundationEssentials
import TestServers
import Testing

@testable import Git

/// Security keys: what such a device signs is made here, and `ssh-keygen` is asked whether it was made right.
@Suite(.enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"))
struct SecurityKeySignatureTests {
    private let message = Array("a text to sign\n".utf8)
    private let application = Array("ssh:".utf8)

    enum Kind: CaseIterable { case ed25519, ecdsa }

    @Test(arguments: Kind.allCases)
    func `a signature made with a touch is good, here and to ssh-keygen`(_ kind: Kind) async throws {
        let keys = try SSHKeys()
        let signature = try make(kind, flags: 1, counter: 7)
        try signature.verify(message, namespace: "git")
        #expect(try await keys.check(signature.armored, over: message))
        #expect(throws: GitError.self) { try signature.verify(message + [0], namespace: "git") }
    }

    /// The flags and the counter are signed as well, so neither can be changed afterwards.
    @Test(arguments: Kind.allCases)
    func `a signature without a touch, or with another's flags, is refused`(_ kind: Kind) throws {
        let untouched = try make(kind, flags: 0, counter: 7)
        #expect(refusal { try untouched.verify(message, namespace: "git") } == "signature-without-presence")
        let raised = try make(kind, flags: 0, counter: 7, claiming: 1)
        #expect(refusal { try raised.verify(message, namespace: "git") } == "signature-wrong")
    }

    private func make(_ kind: Kind, flags: UInt8, counter: UInt32, claiming: UInt8? = nil) throws -> SSHSignature {
        let signed = SSHSignature.signedBytes(SSHSignature.Digest.sha512(message), namespace: "git", digest: .sha512)
        var tail = SSHWriter()
        tail.raw([flags])
        tail.uint32(counter)
        let input = Array(SHA256.hash(data: application)) + tail.bytes + Array(SHA256.hash(data: signed))
        var key = SSHWriter()
        var body = SSHWriter()
        switch kind {
        case .ed25519:
            let secret = Curve25519.Signing.PrivateKey()
            key.string("sk-ssh-ed25519@openssh.com")
            key.string(Array(secret.publicKey.rawRepresentation))
            body.string("sk-ssh-ed25519@openssh.com")
            body.string(Array(try secret.signature(for: input)))
        case .ecdsa:
            let secret = P256.Signing.PrivateKey()
            key.string("sk-ecdsa-sha2-nistp256@openssh.com")
            key.string("nistp256")
            key.string(Array(secret.publicKey.x963Representation))
            let raw = try secret.signature(for: SHA256.hash(data: input)).rawRepresentation
            var halves = SSHWriter()
            halves.number(raw.prefix(32))
            halves.number(raw.suffix(32))
            body.string("sk-ecdsa-sha2-nistp256@openssh.com")
            body.string(halves.bytes)
        }
        key.string(application)
        body.raw([claiming ?? flags])
        body.uint32(counter)
        return SSHSignature(
            publicKey: try SSHPublicKey(blob: key.bytes[...]), namespace: "git", digest: .sha512, signature: body.bytes)
    }
}
