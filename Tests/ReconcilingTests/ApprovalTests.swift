import Git
import TestServers
import Testing

@testable import Reconciling

private let commit = "6e3a1f0c6bd7bd2fc4a1a1ea1f0f5a5d6c0d7b55"
private let url = "https://git.example.com/shop/deployments.git"
/// 2026-11-21 13:00:00 UTC
private let now: Int64 = 1_795_266_000

/// The text that is signed, and the ref that it stands at.
@Suite struct ApprovalTextTests {
    private static let text = """
        descry-approval 1
        environment LIVE
        repository git.example.com/shop/deployments
        commit \(commit)
        signer dana@example.com
        time 2026-11-21T13:00:00Z
        expires 2026-11-22T13:00:00Z

        """

    @Test func `the text is the documented one, and is read again`() throws {
        let approval = try Approval(
            environment: "LIVE", repository: RepositoryIdentity(try RemoteURL(url)), commit: try CommitID(commit),
            signer: "dana@example.com", time: now, expires: now + 86_400)
        #expect(String(decoding: approval.text, as: UTF8.self) == Self.text)
        #expect(try Approval(text: Array(Self.text.utf8)) == approval)
        let open = Self.text.replacing("expires 2026-11-22T13:00:00Z\n", with: "")
        #expect(try Approval(text: Array(open.utf8)).expires == nil)
    }

    /// One text, one meaning: another order, a line twice, other spellings of the same, and lines that could hide something.
    @Test(arguments: [
        ("descry-approval 1", "descry-approval 2", "approval-version"),
        ("descry-approval 1", "approval", "approval-malformed"),
        ("LIVE", "", "approval-malformed"), ("LIVE", "LI VE", "approval-malformed"),
        ("LIVE", "LIVE ", "approval-malformed"),
        ("environment LIVE", "environment LIVE\nenvironment DEV", "approval-malformed"),
        ("environment LIVE\n", "", "approval-malformed"), ("signer dana@example.com\n", "", "approval-malformed"),
        ("signer dana@example.com", "signer dana\u{1b}[2K", "approval-malformed"),
        ("signer dana@example.com", "signer  dana", "approval-malformed"),
        ("signer dana@example.com", "signer dana\u{202e}", "approval-malformed"),
        ("commit 6e", "commit 6E", "approval-malformed"), ("13:00:00Z", "13:00:00+00:00", "approval-malformed"),
        ("13:00:00Z", "13:00Z", "approval-malformed"), ("11-21", "11-31", "approval-malformed"),
        ("2026-11-22", "2026-11-20", "approval-malformed"),
        ("expires 2026-11-22T13:00:00Z", "expires soon", "approval-malformed"),
        ("\n", "\r\n", "approval-malformed"), ("expires", "note x\nexpires", "approval-malformed"),
        ("Z\n", "Z", "approval-malformed"),
    ])
    func `a text that is written otherwise is refused`(_ old: String, _ new: String, _ code: String) throws {
        let text = Self.text.replacing(old, with: new)
        try #require(text != Self.text)
        let error = #expect(throws: ApprovalProblem.self) { try Approval(text: Array(text.utf8)) }
        #expect(error?.code == code)
    }

    /// One repository by all of its addresses, and two by theirs.
    @Test(arguments: [
        ("https://git.example.com/shop/deployments.git", "git.example.com/shop/deployments"),
        ("https://git.example.com:8443/shop/deployments/", "git.example.com/shop/deployments"),
        ("git@git.example.com:shop/deployments.git", "git.example.com/shop/deployments"),
        ("ssh://git@GIT.example.com:2222/shop/deployments", "git.example.com/shop/deployments"),
        ("https://git.example.com/Shop/deployments", "git.example.com/Shop/deployments"),
        ("/srv/git/deployments.git", "file:/srv/git/deployments"),
    ])
    func `a repository has one name`(_ address: String, _ name: String) throws {
        #expect(RepositoryIdentity(try RemoteURL(address)).description == name)
    }

    /// What git does not allow in a ref is encoded, and every name has a ref of its own.
    @Test(.enabled(if: Requirement.git.isToRun, "\(Requirement.git)"))
    func `every signer has a ref that git takes, and no two share one`() async throws {
        var refs: Set<String> = []
        let signers = [
            "dana@example.com", "Dana@example.com", "dana", "dana.", ".dana", "da..na", "dana.lock", "dana%2Elock", "@",
            "@{u}",
            "Dana Deploy <dana@example.com>", "a/b", "a%2Fb", "~^:?*[\\", "-dana", "dänä", "äöü", "%", "a.b.c",
        ]
        for signer in signers {
            let approval = try Approval(
                environment: "LIVE", repository: RepositoryIdentity(try RemoteURL(url)), commit: try CommitID(commit),
                signer: signer, time: now, expires: nil)
            let ref = ApprovalRef(approval)
            try await Program.run("git", ["check-ref-format", ref.description])
            #expect(ApprovalRef(ref.description) == ref)
            refs.insert(ref.description)
        }
        #expect(refs.count == signers.count)
        #expect(refs.contains("refs/descry/approvals/LIVE/\(commit)/dana@example.com"))
    }

    @Test(arguments: [
        "refs/heads/LIVE", "refs/descry/approvals/LIVE/\(commit)", "refs/descry/approvals/LIVE/\(commit)/a/b",
        "refs/descry/approvals/LIVE/6e3a1f0/dana", "refs/descry/approvals/LI VE/\(commit)/dana",
        "refs/descry/approvals/LIVE/\(commit)/%64ana", "refs/descry/approvals/LIVE/\(commit)/dana%2",
        "refs/descry/approvals/LIVE/\(commit)/%FF",
        "refs/descry/approvals/LIVE/\(commit)/",
    ])
    func `another ref is none`(_ name: String) { #expect(ApprovalRef(name) == nil) }
}

/// Who counts: people, not signatures, and only for what they signed.
@Suite(.enabled(if: Requirement.sshKeys.isToRun, "\(Requirement.sshKeys)"))
struct ApprovalCountTests {
    /// Keys a to d, and the list that most rows use.
    private struct Scene {
        let keys: SSHKeys
        var signers: [String: Signer] = [:]
        var publicKeys: [String: String] = [:]

        init() async throws {
            keys = try SSHKeys()
            for name in ["a", "b", "c", "d"] {
                let key = try await keys.make(.ed25519, name: name)
                signers[name] = try await Signer.open(key.path, agent: nil)
                publicKeys[name] = key.publicKey
            }
        }

        /// `ann a; bob b` as a list of allowed signers.
        func list(_ text: String) throws -> AllowedSigners {
            let lines = try text.split(separator: ";").map { line in
                let words = line.split(separator: " ").map(String.init)
                let key = try #require(words.last.flatMap { publicKeys[$0] })
                return (words.dropLast() + [key]).joined(separator: " ")
            }
            return try AllowedSigners.parse(Array(lines.joined(separator: "\n").utf8), file: "approvers")
        }

        /// `ann=a` is ann's approval with the key a.
        func approve(
            _ text: String, environment: String = "LIVE", repository: String = url, commit id: String = commit,
            time: Int64 = now - 60, expires: Int64? = nil
        ) async throws -> SignedApproval {
            let parts = text.split(separator: "=").map(String.init)
            let approval = try Approval(
                environment: environment, repository: RepositoryIdentity(try RemoteURL(repository)),
                commit: try CommitID(id), signer: parts[0], time: time, expires: expires)
            return try await SignedApproval.sign(approval, by: try #require(signers[parts[1]]))
        }

        func count(
            _ records: [String: [UInt8]], _ list: String, count: Int = 2, authors: Set<String> = [],
            authorMayApprove: Bool = false, expiry: Duration? = nil, authorKeys: Set<SSHPublicKey> = []
        ) throws -> ApprovalCount {
            let settings = ApprovalSettings(
                count: count, signers: "approvers", authorMayApprove: authorMayApprove, expiry: expiry)
            let rule = ApprovalRule(
                environment: "LIVE", repository: RepositoryIdentity(try RemoteURL(url)), commit: try CommitID(commit),
                settings: settings, signers: try self.list(list), authors: authors, authorKeys: authorKeys)
            return ApprovalCount(records, by: rule, at: now)
        }
    }

    private func records(_ approvals: [SignedApproval]) -> [String: [UInt8]] {
        Dictionary(approvals.map { (ApprovalRef($0.approval).description, $0.bytes) }) { first, _ in first }
    }

    /// The list, who approves with which key, who the author is, and how many count.
    @Test(arguments: [
        // Two people are two, one is one.
        ("ann a;bob b", "ann=a bob=b", "", 2), ("ann a;bob b", "ann=a", "", 1),
        // One key is one person, whatever names it has; two keys of one name are one person; so are two names of one line.
        ("ann,bob a", "ann=a bob=a", "", 1), ("* a", "ann=a bob=a cat=a", "", 1),
        ("ann a;ann,ann@x.org b", "ann=a ann@x.org=b", "", 1), ("ann a;Ann b", "ann=a Ann=b", "", 1),
        // Joined by a third: ann and bob are one because cat is both of them.
        ("ann a;cat a;cat b;bob b", "ann=a bob=b", "", 2), ("ann a;cat a;cat b;bob b", "ann=a bob=b cat=a", "", 1),
        // Not in the list, or with another's key.
        ("ann a;bob b", "ann=a eve=c", "", 1), ("ann a;bob b", "ann=a bob=a", "", 1), ("ann a;bob b", "bob=a", "", 0),
        // The author does not count, by no name and with no key of theirs.
        ("ann a;bob b", "ann=a bob=b", "ann", 1), ("ann a;bob b", "ann=a bob=b", "ANN", 1),
        ("ann,ann@x.org a;bob b", "ann=a bob=b", "ann@x.org", 1), ("ann a;ann b;bob c", "ann=b bob=c", "ann", 1),
        ("ann a;bob b", "ann=a bob=b", "eve", 2),
        // Only for this purpose, and only while the key is valid, which is asked for now.
        ("ann namespaces=\"git\" a;bob namespaces=\"descry-approval\" b", "ann=a bob=b", "", 1),
        ("ann valid-before=\"20261121125930Z\" a;bob b", "ann=a bob=b", "", 1),
    ])
    func `people are counted`(_ list: String, _ given: String, _ author: String, _ expected: Int) async throws {
        let scene = try await Scene()
        var approvals: [SignedApproval] = []
        for text in given.split(separator: " ") { approvals.append(try await scene.approve(String(text))) }
        let authors: Set<String> = author.isEmpty ? [] : [author]
        let count = try scene.count(records(approvals), list, authors: authors)
        #expect(count.approvals.count == expected, "\(count)")
        #expect(count.isEnough == (expected >= 2))
        // Every record is accounted for.
        #expect(count.approvals.count + count.refused.count == records(approvals).count)
    }

    @Test func `the author counts where that is allowed, and the key that signed the commit is the author's`()
        async throws
    {
        let scene = try await Scene()
        let all = records([try await scene.approve("ann=a"), try await scene.approve("bob=b")])
        #expect(try scene.count(all, "ann a;bob b", authors: ["ann"], authorMayApprove: true).isEnough)
        let key = try #require(scene.signers["b"]?.publicKey)
        let count = try scene.count(all, "ann a;bob b", authors: ["ann@elsewhere"], authorKeys: [key])
        #expect(count.approvals.map(\.signer) == ["ann"])
        #expect(count.refused.values.map(\.code) == ["approval-by-author"])
        #expect(count.summary == "1 of 2 approvals (ann)")
    }

    /// An approval is for one commit, of one repository, in one environment, for a time.
    @Test func `what was approved elsewhere, or for another time, does not count here`() async throws {
        let scene = try await Scene()
        let other = String(commit.reversed())
        for (approval, code) in [
            (try await scene.approve("ann=a", environment: "STAGE"), "approval-environment"),
            (
                try await scene.approve("ann=a", repository: "https://git.example.com/eve/deployments"),
                "approval-repository"
            ),
            (try await scene.approve("ann=a", commit: other), "approval-commit"),
            (try await scene.approve("ann=a", time: now + 301), "approval-from-the-future"),
            (try await scene.approve("ann=a", expires: now), "approval-expired"),
            (try await scene.approve("ann=a", time: now - 3600), "approval-expired"),
            (try await scene.approve("ann=a", time: now + 300), nil),
            (try await scene.approve("ann=a", expires: now + 1), nil),
            (try await scene.approve("ann=a", time: now - 3599), nil),
        ] as [(SignedApproval, String?)] {
            // Where it belongs, and moved to where it would count.
            let own = ApprovalRef(approval.approval).description
            let moved = "refs/descry/approvals/LIVE/\(commit)/ann"
            for ref in [own, moved] {
                let count = try scene.count([ref: approval.bytes], "ann a", count: 1, expiry: .seconds(3600))
                #expect(count.refused[ref]?.code == code, "\(count)")
                #expect(count.isEnough == (code == nil))
            }
        }
        let moved = try await scene.approve("ann=a")
        let ref = "refs/descry/approvals/LIVE/\(commit)/bob"
        #expect(try scene.count([ref: moved.bytes], "ann a;bob b", count: 1).refused[ref]?.code == "approval-ref")
    }

    /// Bytes that nobody vouches for.
    @Test func `a forged record does not count`() async throws {
        let scene = try await Scene()
        let (ann, bob) = (try await scene.approve("ann=a"), try await scene.approve("bob=b"))
        let ref = ApprovalRef(ann.approval).description
        let commitSignature = try await #require(scene.signers["a"]).sign(ann.approval.text, namespace: "git")
        let bobs = try await #require(scene.signers["b"]).sign(ann.approval.text, namespace: Approval.namespace)
        for (bytes, code) in [
            ([], "approval-malformed"), (ann.approval.text, "approval-malformed"),
            (ann.approval.text + [0x0a], "signature-malformed"),
            (ann.approval.text + [0x0a] + bob.signature.armored, "signature-wrong"),
            (ann.approval.text + [0x0a] + bobs, "signer-mismatch"),
            (ann.approval.text + [0x0a] + commitSignature, "signature-namespace"),
            (ann.bytes + Array("x".utf8), "signature-malformed"),
            (
                Array(String(decoding: ann.bytes, as: UTF8.self).replacing("12:59:00Z", with: "12:59:01Z").utf8),
                "signature-wrong"
            ),
        ] as [([UInt8], String)] {
            let count = try scene.count([ref: bytes], "ann a;bob b", count: 1)
            #expect(count.refused[ref]?.code == code, "\(count)")
            #expect(!count.isEnough)
        }
        // ssh-keygen is of the same mind about what is good.
        #expect(
            try await scene.keys.verify(
                ann.signature.armored, over: ann.approval.text, by: "ann", in: "ann \(scene.publicKeys["a"] ?? "")",
                namespace: Approval.namespace))
    }
}
