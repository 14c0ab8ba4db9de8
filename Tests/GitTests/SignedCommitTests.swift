import TestServers
import Testing

@testable import Git

/// Commits that `git commit -S` signed, checked here; and commits signed here, checked by `git verify-commit`.
@Suite(.enabled(if: Requirement.signedCommits.isToRun, "\(Requirement.signedCommits)"))
struct SignedCommitTests {
    @Test(arguments: SSHKeys.Kind.allCases)
    func `what git signs is good here`(_ kind: SSHKeys.Kind) async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(kind)
        let commit = try await scene.commit("Deploy\n\n with an odd message\ngpgsig no header\n", signedBy: key)
        let signers = "dana@example.com \(key.publicKey)\n"
        #expect(try await scene.gitAccepts(commit, signers))
        let signer = try await scene.verify(commit, signers)
        guard case .ssh(let ssh) = signer.identity else {
            Issue.record("\(signer)")
            return
        }
        #expect(ssh.principal == "dana@example.com" && ssh.line == 1)
    }

    @Test(arguments: SSHKeys.Kind.allCases)
    func `what is signed here is good to git`(_ kind: SSHKeys.Kind) async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(kind)
        let plain = try await scene.bytes(of: try await scene.commit("Deploy"))
        let signature = try await Signer.open(key.path, agent: nil).sign(plain, namespace: "git")
        let signed = try await scene.write(SigningScene.insert(signature, into: plain))
        #expect(try await scene.gitAccepts(signed, "dana@example.com \(key.publicKey)\n"))
        #expect(try await !scene.gitAccepts(signed, ""))
        _ = try await scene.verify(signed, "dana@example.com \(key.publicKey)\n")
    }

    /// The key's validity is asked for at the committer's time, as git does.
    @Test func `a key must have been valid when the commit was made`() async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        // 2025-06-15 12:00:00 UTC
        let commit = try await scene.commit("Deploy", signedBy: key, time: 1_749_988_800)
        for (bounds, expected) in [
            ("valid-before=\"20250615120000Z\"", nil), ("valid-before=\"20250615115959Z\"", "signer-expired"),
            ("valid-after=\"20250615120000Z\"", nil), ("valid-after=\"20250615120001Z\"", "signer-not-yet-valid"),
            ("namespaces=\"git\"", nil), ("namespaces=\"file\"", "signer-namespace"),
        ] as [(String, String?)] {
            let signers = "dana \(bounds) \(key.publicKey)\n"
            #expect(try await scene.gitAccepts(commit, signers) == (expected == nil), "\(bounds)")
            #expect(try await code { _ = try await scene.verify(commit, signers) } == expected, "\(bounds)")
        }
    }

    /// Whatever of a commit is changed after it was signed.
    @Test func `a commit that was changed, or signed by a stranger, is refused by git and here`() async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        let stranger = try await scene.keys.make(.ed25519, name: "stranger")
        let signers = "dana \(key.publicKey)\n"
        let text = String(decoding: try await scene.bytes(of: scene.commit("Deploy", signedBy: key)), as: UTF8.self)
        for (changed, expected) in [
            (text.replacing("Deploy", with: "Destroy"), "signature-wrong"),
            (text.replacing("Dana Deploy", with: "Eve Evil"), "signature-wrong"),
            (text.replacing("committer", with: "encoding x\ncommitter"), "commit-malformed"),
            (text + "\n", "signature-wrong"),
            (text.replacing("SSH SIGNATURE", with: "PGP SIGNATURE"), "signature-unsupported"),
        ] {
            let id = try await scene.write(Array(changed.utf8))
            #expect(try await !scene.gitAccepts(id, signers), "\(expected)")
            let found = try await code { _ = try await scene.verify(id, signers) }
            #expect(found == expected || expected == "commit-malformed" && found == "signature-wrong")
        }
        let unsigned = try await scene.commit("Deploy")
        #expect(try await code { _ = try await scene.verify(unsigned, signers) } == "commit-unsigned")
        let foreign = try await scene.commit("Deploy", signedBy: stranger)
        #expect(try await code { _ = try await scene.verify(foreign, signers) } == "signer-unknown")
    }

    /// git leaves every header whose name begins with gpgsig out of what is signed, and joins several signatures to one.
    @Test func `headers beside the signature are read as git reads them, or refused`() async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        let signers = "dana \(key.publicKey)\n"
        let plain = try await scene.bytes(of: try await scene.commit("Deploy"))
        let signature = try await Signer.open(key.path, agent: nil).sign(plain, namespace: "git")
        let signed = SigningScene.insert(signature, into: plain)
        let other = try await scene.write(
            SigningScene.insert(Array("-----BEGIN\nx\n".utf8), into: signed, header: "gpgsig-sha256"))
        #expect(try await scene.gitAccepts(other, signers))
        _ = try await scene.verify(other, signers)
        let twice = try await scene.write(SigningScene.insert(signature, into: signed))
        #expect(try await code { _ = try await scene.verify(twice, signers) } == "commit-malformed")
    }
}

/// Which commits a rule asks for, over histories of any shape.
@Suite(.enabled(if: Requirement.signedCommits.isToRun, "\(Requirement.signedCommits)"))
struct SignatureRuleTests {
    /// Commits from the root on; a star marks those that are signed. `base` and `tip` are their places.
    @Test(
        arguments: [
            // Nothing is asked for, or the tip alone.
            ("a b c", "none", 0, 2, nil, 0), ("a b c*", "tip", 0, 2, nil, 1),
            ("a b* c", "tip", 0, 2, "commit-unsigned", 0),
            // All from the last deployment on, and not that one.
            ("a b* c*", "all", 0, 2, nil, 2), ("a b c*", "all", 0, 2, "commit-unsigned", 0),
            ("a b* c", "all", 0, 2, "commit-unsigned", 0), ("a b c*", "all", 1, 2, nil, 1),
            // Without a last deployment it begins with the tip; the same commit again is looked at again.
            ("a b c*", "all", nil, 2, nil, 1), ("a b c*", "all", 2, 2, nil, 1),
            ("a b c", "all", 2, 2, "commit-unsigned", 0),
            // An older commit, by a forced push: none is new, and the tip is checked all the same.
            ("a b* c*", "all", 2, 1, nil, 1), ("a b c*", "all", 2, 1, "commit-unsigned", 0),
        ] as [(String, String, Int?, Int, String?, Int)])
    func `the rule says which commits are looked at`(
        _ history: String, _ rule: String, _ base: Int?, _ tip: Int, _ expected: String?, _ count: Int
    ) async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        var commits: [CommitID] = []
        for name in history.split(separator: " ") {
            commits.append(try await scene.commit(String(name), signedBy: name.hasSuffix("*") ? key : nil))
        }
        let verifier = CommitVerifier(
            rule: try #require(SignatureRule(rawValue: rule)),
            allowedSigners: try AllowedSigners.parse(Array("dana \(key.publicKey)\n".utf8), file: "signers"))
        var signers: [CommitSigner] = []
        let found = try await code {
            signers = try await verifier.verify(tip: commits[tip], since: base.map { commits[$0] }) {
                id async throws(GitError) in try await scene.text(id)
            }
        }
        #expect(found == expected)
        #expect(signers.count == count)
        #expect(signers.first.map { $0.commit == commits[tip] } ?? true)
    }

    /// A side branch brings in commits that nobody signed; one that left before the last deployment brings in none.
    @Test func `commits that a merge brings in are new`() async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        let root = try await scene.commit("root")
        let base = try await scene.commit("base")
        let side = try await scene.commit("side", parents: [root])
        let signedSide = try await scene.commit("side", signedBy: key, parents: [root])
        let verifier = CommitVerifier(
            rule: .all,
            allowedSigners: try AllowedSigners.parse(Array("dana \(key.publicKey)\n".utf8), file: "signers"))
        for (parents, expected) in [
            ([base, side], "commit-unsigned"), ([base, signedSide], nil), ([base, root], nil),
        ] as [([CommitID], String?)] {
            let merge = try await scene.commit("merge", signedBy: key, parents: parents)
            let found = try await code {
                _ = try await verifier.verify(tip: merge, since: base) { id async throws(GitError) in
                    try await scene.text(id)
                }
            }
            #expect(found == expected)
        }
    }

    /// What can't be seen can't be checked: the history between must be there.
    @Test func `a shallow history that ends too early fails`() async throws {
        let scene = try await SigningScene()
        let key = try await scene.keys.make(.ed25519)
        let base = try await scene.commit("base")
        let hidden = try await scene.commit("hidden", signedBy: key)
        let tip = try await scene.commit("tip", signedBy: key)
        let signers = try AllowedSigners.parse(Array("dana \(key.publicKey)\n".utf8), file: "signers")
        for (rule, expected) in [(SignatureRule.tip, nil), (.all, "commit-missing")] as [(SignatureRule, String?)] {
            let found = try await code {
                _ = try await CommitVerifier(rule: rule, allowedSigners: signers).verify(tip: tip, since: base) {
                    id async throws(GitError) in id == hidden ? nil : try await scene.text(id)
                }
            }
            #expect(found == expected)
        }
    }

    /// The same through a repository that is fetched, with what it recorded as accepted.
    @Test func `a fetched branch is checked from its last accepted tip on`() async throws {
        let fixture = try await GitFixture()
        let keys = try SSHKeys()
        let key = try await keys.make(.ed25519)
        let scene = try await SigningScene(keys: keys, repository: fixture.path)
        let reader = try Reader()
        let verifier = CommitVerifier(
            rule: .all,
            allowedSigners: try AllowedSigners.parse(Array("dana \(key.publicKey)\n".utf8), file: "signers"))
        let first = try await scene.commit("first", signedBy: key)
        try await fixture.move("DEV", to: first.description)
        try await reader.open("file://" + fixture.path) { repository in
            let branch = try BranchName("DEV")
            let one = try await repository.update(branch: branch)
            #expect(try await repository.verifySignatures(of: one, by: verifier).map(\.commit) == [first])
            try await repository.accept(one)
            _ = try await scene.commit("second", signedBy: key)
            let third = try await scene.commit("third", signedBy: key)
            try await fixture.move("DEV", to: third.description)
            let two = try await repository.update(branch: branch)
            #expect(try await repository.verifySignatures(of: two, by: verifier).count == 2)
            try await fixture.move("DEV", to: (try await scene.commit("fourth")).description)
            let four = try await repository.update(branch: branch)
            #expect(
                try await code { _ = try await repository.verifySignatures(of: four, by: verifier) }
                    == "commit-unsigned")
        }
    }
}
