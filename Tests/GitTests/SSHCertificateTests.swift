import TestServers
import Testing

@testable import Git

/// Keys that an authority vouches for, against `ssh-keygen -s` and `-Y verify`.
@Suite(.enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"))
struct SSHCertificateTests {
    private let message = Array("a text to sign\n".utf8)

    /// A key with a certificate for it, and what signs with both.
    private func certified(
        _ keys: SSHKeys, by authority: SSHKeys.Key, _ kind: SSHKeys.Kind = .ed25519, options: [String]
    ) async throws -> [UInt8] {
        let key = try await keys.make(kind, name: "k\(UInt32.random(in: .min ... .max))")
        try await Program.run(
            "ssh-keygen", ["-q", "-s", authority.path, "-I", "a key"] + options + [key.path + ".pub"])
        return Array(
            try await Program.run(
                "ssh-keygen", ["-q", "-Y", "sign", "-f", key.path + "-cert.pub", "-n", "git"], input: message
            ).utf8)
    }

    @Test(arguments: SSHKeys.Kind.allCases, [SSHKeys.Kind.ed25519, .ecdsa384, .rsa2048])
    func `a certified key of each kind signs, by an authority of each kind`(
        _ kind: SSHKeys.Kind, _ authorityKind: SSHKeys.Kind
    ) async throws {
        let keys = try SSHKeys()
        let authority = try await keys.make(authorityKind, name: "ca")
        let bytes = try await certified(keys, by: authority, kind, options: ["-n", "dana,kim"])
        let text = "*,!kim cert-authority \(authority.publicKey)\n"
        let signature = try SSHSignature(armored: bytes)
        #expect(signature.armored == bytes)
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        let signer = try signers.verify(signature, over: message, namespace: "git", at: 1_900_000_000)
        #expect(signer.principal == "dana" && signer.key == signature.publicKey && signer.line == 1)
        #expect(try await keys.verify(bytes, over: message, by: "dana", in: text))
        #expect(refusal { try signature.verify(message + [0], namespace: "git") } == "signature-wrong")
    }

    /// Names, times and kinds of certificate, as ssh-keygen takes them. CA is the authority's key, and 2025-06-15 the time.
    @Test(
        arguments: [
            ("-n dana", "dana cert-authority CA", "dana", nil), ("-n dana,kim", "* cert-authority CA", "kim", nil),
            ("-n dana", "* cert-authority CA", "kim", "signer-mismatch"),
            ("-n dana", "kim cert-authority CA", "dana", "signer-mismatch"),
            // A certificate without names is anybody's for sshd, and nobody's here.
            ("", "* cert-authority CA", "dana", "signer-mismatch"),
            // The line must be the authority's, and say that it is one.
            ("-n dana", "dana CA", "dana", "signer-unknown"),
            ("-n dana", "dana cert-authority OTHER", "dana", "signer-unknown"),
            ("-n dana", "dana cert-authority,namespaces=\"file\" CA", "dana", "signer-namespace"),
            ("-n dana", "dana cert-authority,valid-before=\"20250101Z\" CA", "dana", "signer-expired"),
            // The certificate's own time, and its kind.
            ("-n dana -V 20250101:20250701", "* cert-authority CA", "dana", nil),
            ("-n dana -V 20250101:20250601", "* cert-authority CA", "dana", "signer-expired"),
            ("-n dana -V 20250701:20250801", "* cert-authority CA", "dana", "signer-not-yet-valid"),
            ("-n dana -h", "* cert-authority CA", "dana", "certificate-unsuitable"),
        ] as [(String, String, String, String?)])
    func `a certificate counts for what it says`(
        _ options: String, _ line: String, _ principal: String, _ expected: String?
    ) async throws {
        let keys = try SSHKeys()
        let (authority, other) = (
            try await keys.make(.ed25519, name: "ca"), try await keys.make(.ed25519, name: "other")
        )
        let bytes = try await certified(keys, by: authority, options: options.split(separator: " ").map(String.init))
        let text = line.replacing("CA", with: authority.publicKey).replacing("OTHER", with: other.publicKey) + "\n"
        let signers = try AllowedSigners.parse(Array(text.utf8), file: "signers")
        let signature = try SSHSignature(armored: bytes)
        let found = refusal {
            _ = try signers.verify(signature, over: message, namespace: "git", at: 1_750_000_000, as: principal)
        }
        #expect(found == expected)
        #expect(
            try await keys.verify(bytes, over: message, by: principal, in: text, time: "20250615150640Z")
                == (expected == nil))
    }

    /// ssh-keygen passes over options that it doesn't know the meaning of for signatures; Descry doesn't.
    @Test func `a certificate with conditions is refused`() async throws {
        let keys = try SSHKeys()
        let authority = try await keys.make(.ed25519, name: "ca")
        let bytes = try await certified(keys, by: authority, options: ["-n", "dana", "-O", "force-command=true"])
        let signers = try AllowedSigners.parse(Array("* cert-authority \(authority.publicKey)".utf8), file: "signers")
        let signature = try SSHSignature(armored: bytes)
        #expect(
            refusal { _ = try signers.verify(signature, over: message, namespace: "git", at: 1_900_000_000) }
                == "certificate-unsuitable")
    }

    /// Bytes that nobody vouches for: each byte of a certificate is signed.
    @Test func `no change of a certificate leaves it good`() async throws {
        let keys = try SSHKeys()
        let authority = try await keys.make(.ed25519, name: "ca")
        let blob = try #require(
            try SSHSignature(armored: try await certified(keys, by: authority, options: ["-n", "dana"])).certificate?
                .blob)
        _ = try SSHCertificate(blob: blob[...])
        for index in blob.indices {
            var changed = blob
            changed[index] ^= 0x01
            #expect(throws: GitError.self, "byte \(index)") { try SSHCertificate(blob: changed[...]) }
            #expect(throws: GitError.self) { try SSHCertificate(blob: blob[..<index]) }
        }
    }
}
