import TestServers
import Testing

@testable import Git

/// Commits signed by gpg, against real keyrings.
@Suite(.enabled(if: Requirement.gpg.isToRun, "\(Requirement.gpg)"))
struct GPGCommitTests {
    private func makeHome(_ folder: TemporaryFolder, _ name: String) throws -> String { try folder.folder(name) }

    private func gpg(_ home: String, _ arguments: [String], input: [UInt8] = []) async throws -> String {
        try await Program.run("gpg", ["--homedir", home, "--batch", "--no-tty", "--quiet"] + arguments, input: input)
    }

    private func stopAgent(_ home: String) async throws {
        try await Program.run("gpgconf", ["--homedir", home, "--kill", "all"])
    }

    @Test func `a trusted key's signature is good, and no other`() async throws {
        let folder = try TemporaryFolder()
        let home = try makeHome(folder, "g")
        _ = try await gpg(
            home, ["--passphrase", "", "--quick-gen-key", "Dana <dana@example.com>", "ed25519", "sign", "0"])
        let scene = try await SigningScene(variables: ["GNUPGHOME": home])
        let commit = try await scene.commit("Deploy", gpg: "dana@example.com")
        let plain = try await scene.commit("Deploy")
        let variables = ["PATH": Program.environment("PATH") ?? "/usr/bin:/bin"]

        // The keyring of whoever signed trusts its own key ultimately.
        let verifier = GPGVerifier(home: home, environment: variables)
        let signer = try await scene.verify(commit, "", gpg: verifier)
        guard case .gpg(let known) = signer.identity else {
            Issue.record("\(signer)")
            return
        }
        #expect(known.name == "Dana <dana@example.com>" && known.fingerprint.count == 40)
        #expect(try await scene.gitAccepts(commit, ""))

        // Changed afterwards.
        let text = String(decoding: try await scene.bytes(of: commit), as: UTF8.self)
        let changed = try await scene.write(Array(text.replacing("Deploy", with: "Destroy").utf8))
        #expect(try await code { _ = try await scene.verify(changed, "", gpg: verifier) } == "gpg-wrong")
        #expect(try await code { _ = try await scene.verify(plain, "", gpg: verifier) } == "commit-unsigned")

        // Another keyring: without the key, with it and without trust, with trust.
        let other = try makeHome(folder, "o")
        let stranger = GPGVerifier(home: other, environment: variables)
        #expect(try await code { _ = try await scene.verify(commit, "", gpg: stranger) } == "gpg-unknown-key")
        let exported = try await gpg(home, ["--armor", "--export", "dana@example.com"])
        _ = try await gpg(other, ["--import"], input: Array(exported.utf8))
        #expect(try await code { _ = try await scene.verify(commit, "", gpg: stranger) } == "gpg-untrusted")
        _ = try await gpg(other, ["--import-ownertrust"], input: Array("\(known.fingerprint):6:\n".utf8))
        _ = try await scene.verify(commit, "", gpg: stranger)

        // No gpg, and none configured.
        let absent = GPGVerifier(home: home, program: "descry-no-such-gpg", environment: variables)
        #expect(try await code { _ = try await scene.verify(commit, "", gpg: absent) } == "gpg-missing")
        #expect(try await code { _ = try await scene.verify(commit, "") } == "signature-unsupported")
        try await stopAgent(home)
        try await stopAgent(other)
    }
}

/// What gpg says on its status channel. Source: GnuPG's doc/DETAILS.
@Suite struct GPGStatusTests {
    private static let valid = "[GNUPG:] VALIDSIG 0F0F 2025-06-15 1749988800 0 4 0 22 10 00 ABCD\n"

    @Test(
        arguments: [
            // Good only with a verdict, a fingerprint and trust.
            ("[GNUPG:] GOODSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY 0 pgp\n", nil),
            ("[GNUPG:] GOODSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_ULTIMATE\n", nil),
            ("[GNUPG:] GOODSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_MARGINAL\n", "gpg-untrusted"),
            ("[GNUPG:] GOODSIG 0F Dana\n" + valid, "gpg-untrusted"),
            ("[GNUPG:] GOODSIG 0F Dana\n[GNUPG:] TRUST_FULLY\n", "gpg-wrong"),
            // Every other verdict, and none, and two.
            ("", "gpg-wrong"), ("[GNUPG:] BADSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-wrong"),
            ("[GNUPG:] EXPSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-expired"),
            ("[GNUPG:] EXPKEYSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-expired"),
            ("[GNUPG:] REVKEYSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-revoked"),
            ("[GNUPG:] ERRSIG 0F 22 10 00 1 9\n[GNUPG:] NO_PUBKEY 0F\n", "gpg-unknown-key"),
            ("[GNUPG:] ERRSIG 0F 22 10 00 1 4\n", "gpg-wrong"),
            ("[GNUPG:] GOODSIG 0F Dana\n[GNUPG:] BADSIG 0F Eve\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-wrong"),
            // Words of the signature's own that look like a status.
            ("GOODSIG 0F Dana\n gpg: [GNUPG:] GOODSIG 0F Dana\n" + valid + "[GNUPG:] TRUST_FULLY\n", "gpg-wrong"),
        ] as [(String, String?)])
    func `only one good verdict counts`(_ text: String, _ expected: String?) async throws {
        var fingerprint: String?
        #expect(try await code { fingerprint = try GPGStatus(text).signer().fingerprint } == expected)
        #expect(fingerprint == (expected == nil ? "ABCD" : nil))
    }
}

/// Programs in gpg's place.
@Suite struct GPGFaultTests {
    @Test(arguments: [
        ("exec sleep 60", "gpg-timeout"), ("exit 0", "gpg-wrong"), ("echo '[GNUPG:] GOODSIG 0F Dana'", "gpg-wrong"),
        ("exec head -c 2000000 /dev/zero", "gpg"),
    ])
    func `a gpg that hangs, says nothing or too much lets nothing through`(_ script: String, _ expected: String)
        async throws
    {
        let folder = try TemporaryFolder()
        let program = try folder.write("gpg", "#!/bin/sh\n\(script)\n", mode: 0o700)
        let deadline: Duration = expected == "gpg-timeout" ? .milliseconds(200) : .seconds(30)
        let verifier = GPGVerifier(
            home: folder.path, program: program, environment: ["PATH": "/usr/bin:/bin"], deadline: deadline)
        #expect(try await code { _ = try await verifier.verify(Array("x".utf8), over: Array("y".utf8)) } == expected)
    }
}
