import Crypto
import Documents
import FoundationEssentials
import Testing

@testable import Git

/// Bytes that nobody vouches for: cut short, changed, or made up. Nothing may pass, and nothing may crash.
@Suite struct HostileSignatureTests {
    private let message = Array("a text to sign\n".utf8)

    private func signature() throws -> SSHSignature {
        let secret = Curve25519.Signing.PrivateKey()
        var key = SSHWriter()
        key.string("ssh-ed25519")
        key.string(Array(secret.publicKey.rawRepresentation))
        let signed = SSHSignature.signedBytes(SSHSignature.Digest.sha512(message), namespace: "git", digest: .sha512)
        var body = SSHWriter()
        body.string("ssh-ed25519")
        body.string(Array(try secret.signature(for: signed)))
        return SSHSignature(
            publicKey: try SSHPublicKey(blob: key.bytes[...]), namespace: "git", digest: .sha512, signature: body.bytes)
    }

    private func blob(_ signature: SSHSignature) throws -> [UInt8] {
        let lines = String(decoding: signature.armored, as: UTF8.self).split(separator: "\n")
        return Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
    }

    @Test func `the unchanged one is good`() throws {
        let bytes = try blob(try signature())
        try SSHSignature(blob: bytes).verify(message, namespace: "git")
    }

    @Test func `every shorter one, and a longer one, is refused`() throws {
        let bytes = try blob(try signature())
        for count in 0..<bytes.count {
            let error = #expect(throws: GitError.self) { try SSHSignature(blob: Array(bytes.prefix(count))) }
            #expect(error?.category == .refused)
        }
        #expect(throws: GitError.self) { try SSHSignature(blob: bytes + [0]) }
    }

    @Test func `no change of a single byte leaves it good`() throws {
        let bytes = try blob(try signature())
        for index in bytes.indices {
            for change in [0x01, 0x80, 0xff] as [UInt8] {
                var changed = bytes
                changed[index] ^= change
                #expect(throws: GitError.self, "byte \(index) by \(change)") {
                    try SSHSignature(blob: changed).verify(message, namespace: "git")
                }
            }
        }
    }

    /// Lengths that overflow, and runs of random bytes in a frame that looks right, from a fixed seed.
    @Test func `made-up ones are refused`() throws {
        let bytes = try blob(try signature())
        var random = Lehmer(seed: 20_261_121)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0...random.next(6) {
                let index = random.next(changed.count)
                switch random.next(4) {
                case 0: changed[index] = UInt8(random.next(256))
                case 1: changed.removeSubrange(index..<min(changed.count, index + random.next(8)))
                case 2: changed.insert(contentsOf: (0..<random.next(8)).map { _ in UInt8(random.next(256)) }, at: index)
                default:
                    for offset in index..<min(changed.count, index + 4) { changed[offset] = 0xff }
                }
                if changed.isEmpty { changed = [0] }
            }
            if changed == bytes { continue }
            #expect(throws: GitError.self) { try SSHSignature(blob: changed).verify(message, namespace: "git") }
        }
    }

    /// A list of signers, a commit and a public key, with bytes changed at random.
    @Test func `damaged lists and commits are read or refused, and a changed commit is never good`() async throws {
        let signature = try signature()
        let line = "dana,*@example.com namespaces=\"git\",valid-before=\"20300101Z\" \(signature.publicKey) a comment\n"
        var random = Lehmer(seed: 11)
        for _ in 0..<5000 {
            var changed = Array(line.utf8)
            for _ in 0...random.next(3) { changed[random.next(changed.count)] = UInt8(random.next(256)) }
            // Whatever it is now: a list, or diagnostics with places inside of it.
            do throws(Refused) { _ = try AllowedSigners.parse(changed, file: "signers") } catch {
                #expect(error.diagnostics.allSatisfy { ($0.position?.offset ?? 0) <= changed.count })
            }
        }
        let secret = Curve25519.Signing.PrivateKey()
        let (commit, signers) = try signedCommit(secret)
        let id = try CommitID(String(repeating: "a", count: 40))
        let verifier = CommitVerifier(rule: .tip, allowedSigners: signers)
        _ = try await verifier.verify(commit, id: id)
        for _ in 0..<5000 {
            var changed = commit
            for _ in 0...random.next(3) { changed[random.next(changed.count)] = UInt8(random.next(256)) }
            if changed == commit { continue }
            await #expect(throws: GitError.self) { try await verifier.verify(changed, id: id) }
        }
    }

    private func signedCommit(_ secret: Curve25519.Signing.PrivateKey) throws -> ([UInt8], AllowedSigners) {
        let head =
            "tree \(String(repeating: "b", count: 40))\nauthor D <d@x> 1750000000 +0000\n"
            + "committer D <d@x> 1750000000 +0000\n"
        let body = "\nDeploy\n"
        var key = SSHWriter()
        key.string("ssh-ed25519")
        key.string(Array(secret.publicKey.rawRepresentation))
        let publicKey = try SSHPublicKey(blob: key.bytes[...])
        let signed = SSHSignature.signedBytes(
            SSHSignature.Digest.sha512(Array((head + body).utf8)), namespace: "git", digest: .sha512)
        var raw = SSHWriter()
        raw.string("ssh-ed25519")
        raw.string(Array(try secret.signature(for: signed)))
        let signature = SSHSignature(
            publicKey: publicKey, namespace: "git", digest: .sha512, signature: raw.bytes)
        let lines = String(decoding: signature.armored, as: UTF8.self).split(separator: "\n")
        let header = "gpgsig " + lines.joined(separator: "\n ") + "\n"
        let signers = try AllowedSigners.parse(Array("dana \(publicKey)".utf8), file: "signers")
        return (Array((head + header + body).utf8), signers)
    }

    /// Key types whose numbers are read, not only their frame: points off the curve, even moduli, huge exponents.
    @Test func `keys that are none never verify anything`() throws {
        var random = Lehmer(seed: 7)
        for type in ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] {
            for _ in 0..<200 {
                var key = SSHWriter()
                key.string(type)
                let curve = SSHCurve.allCases.first { $0.keyType == type }
                if let curve {
                    key.string(curve.rawValue)
                    key.string([4] + random.bytes(curve.pointSize - 1))
                } else if type == "ssh-rsa" {
                    key.number([1] + random.bytes(random.next(8)))
                    key.number([0x81] + random.bytes(255))
                } else {
                    key.string(random.bytes(32))
                }
                var body = SSHWriter()
                body.string(type == "ssh-rsa" ? "rsa-sha2-512" : type)
                var halves = SSHWriter()
                halves.number([1] + random.bytes(20))
                halves.number([1] + random.bytes(20))
                body.string(curve != nil ? halves.bytes : random.bytes(type == "ssh-rsa" ? 256 : 64))
                #expect(throws: GitError.self) {
                    try SSHSignature(
                        publicKey: try SSHPublicKey(blob: key.bytes[...]), namespace: "git", digest: .sha512,
                        signature: body.bytes
                    ).verify(message, namespace: "git")
                }
            }
        }
    }
}

/// The same numbers in every run.
struct Lehmer {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound == 0 ? 0 : Int((state >> 33) % UInt64(bound))
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(next(256)) } }
}
