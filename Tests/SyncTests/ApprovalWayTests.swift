import FoundationEssentials
import Git
import Reporting
import TestServers
import Testing

@testable import Reconciling

/// Approvals in the repository, over every way to it: made by `approve`, counted by `approvals`, and what somebody with the right to
/// push could put there instead.
@Suite(.enabled(if: Requirement.git.isToRun && Requirement.sshKeys.isToRun), .timeLimit(.minutes(15)))
struct ApprovalWayTests {
    @Test(arguments: SetScene.Way.available)
    func `two people approve, and the repository has it`(_ way: SetScene.Way) async throws {
        let scene = try await SetScene(way)
        let approvers = try await Approvers(["ann@example.com", "bob@example.com"])
        let tip = try await scene.fixture.tip(of: "DEV")
        let first = try await scene.approve("ann@example.com", by: approvers)
        #expect(first.commit.id == tip && first.needed == 2 && first.isEnough == false)
        let ref = "refs/descry/approvals/DEV/\(tip)/ann@example.com"
        #expect(first.ref == ref)
        // A commit of its own, without a parent, with one file.
        #expect(try await scene.fixture.git("cat-file", "-t", ref) == "commit\n")
        #expect(try await scene.fixture.git("rev-list", "--count", ref) == "1\n")
        #expect(try await scene.fixture.git("ls-tree", "--name-only", ref) == "approval\n")
        try await scene.fixture.git("fsck", "--strict", "--no-dangling")
        // And OpenSSH is of the same mind.
        let text = try await scene.fixture.git("show", "\(ref):approval")
        let parts = text.split(separator: "\n\n", maxSplits: 1)
        let isGood = try await approvers.keys.verify(
            Array((parts.last ?? "").utf8), over: Array("\(parts[0])\n".utf8), by: "ann@example.com",
            in: approvers.lines["ann@example.com"] ?? "", namespace: Approval.namespace)
        #expect(isGood)

        let second = try await scene.approve("bob@example.com", by: approvers)
        #expect(second.isEnough == true)
        let list = try await scene.approvals(approvers)
        #expect(list.approvals?.map(\.signer) == ["ann@example.com", "bob@example.com"])
        #expect(list.isEnough == true && list.refused == [])
        // The branch is where it was, and is what a clone gets.
        #expect(try await scene.fixture.tip(of: "DEV") == tip)
    }

    /// What stands there and does not count, with why.
    @Test(arguments: SetScene.Way.available)
    func `what is forged, foreign, expired or replayed does not count`(_ way: SetScene.Way) async throws {
        let scene = try await SetScene(way)
        let (ann, bob, eve) = ("ann@example.com", "bob@example.com", "eve@example.com")
        let approvers = try await Approvers([ann, bob, "cat@example.com", "dan@example.com"], besides: [eve])
        let old = try await scene.fixture.tip(of: "DEV")
        _ = try await scene.approve(ann, by: approvers)
        let earlier = try await scene.fixture.git("rev-parse", "refs/descry/approvals/DEV/\(old)/\(ann)")
        try await scene.fixture.commit(to: "DEV", ["README.md": "another\n"])
        let tip = try await scene.fixture.tip(of: "DEV")
        let place = "refs/descry/approvals/DEV/\(tip)/"
        // Replayed: the approval of the commit before, at the new one's ref.
        try await scene.fixture.git("update-ref", place + ann, earlier.filter { !$0.isNewline })
        // Forged: bob's name by eve's key.
        let forged = try await record(scene, bob, try await approvers.signer(eve), tip)
        try await scene.fixture.plant(forged.bytes, at: place + bob)
        // Of somebody who is not in the list, good in itself.
        let strange = try await record(scene, eve, try await approvers.signer(eve), tip)
        try await scene.fixture.plant(strange.bytes, at: place + eve)
        // For another environment, at DEV's ref.
        let foreign = try await record(
            scene, "cat@example.com", try await approvers.signer("cat@example.com"), tip, "LIVE")
        try await scene.fixture.plant(foreign.bytes, at: place + "cat@example.com")
        // A ref that points at a branch's commit.
        try await scene.fixture.git("update-ref", place + "dan@example.com", tip)
        let list = try await scene.approvals(approvers)
        #expect(list.approvals == [] && list.isEnough == false)
        let codes = Dictionary((list.refused ?? []).map { ($0.signer ?? "", $0.code) }) { first, _ in first }
        #expect(
            codes == [
                ann: "approval-commit", bob: "signer-unknown", eve: "signer-unknown",
                "cat@example.com": "approval-environment", "dan@example.com": "approval-malformed",
            ])

        // The same people by the right way, one for a time that is over.
        let now = Date()
        _ = try await scene.approve(bob, by: approvers, validity: .seconds(60), at: now)
        _ = try await scene.approve(ann, by: approvers, at: now)
        #expect(try await scene.approvals(approvers, at: now + 59).isEnough == true, "what stood there is replaced")
        let late = try await scene.approvals(approvers, at: now + 60)
        #expect(late.approvals?.map(\.signer) == [ann])
        #expect(late.refused?.first { $0.signer == bob }?.code == "approval-expired")
        let brief = try await scene.approvals(approvers, settings: ", expiry: 30s", at: now + 31)
        #expect(brief.approvals == [])
    }

    /// A blob where a commit belongs; git servers let such refs be made.
    @Test func `a ref to something else than a commit keeps nobody from counting`() async throws {
        let scene = try await SetScene(.local)
        let approvers = try await Approvers(["ann@example.com", "bob@example.com"])
        let tip = try await scene.fixture.tip(of: "DEV")
        let blob = try await scene.fixture.git("rev-parse", "DEV:README.md").filter { !$0.isNewline }
        try await scene.fixture.git("update-ref", "refs/descry/approvals/DEV/\(tip)/bob@example.com", blob)
        _ = try await scene.approve("ann@example.com", by: approvers)
        let list = try await scene.approvals(approvers)
        #expect(list.approvals?.map(\.signer) == ["ann@example.com"])
        #expect(list.refused?.map(\.code) == ["approval-malformed"])
    }

    /// Where the list is at hand, what would not count is not even pushed.
    @Test func `an approval that would not count is refused at once`() async throws {
        let scene = try await SetScene(.local)
        let approvers = try await Approvers(["ann@example.com", "dana@example.com"], besides: ["eve@example.com"])
        for (name, key, code) in [
            ("eve@example.com", "eve@example.com", "signer-unknown"),
            ("ann@example.com", "eve@example.com", "signer-unknown"),
            ("ann@example.com", "dana@example.com", "signer-mismatch"),
            // Who wrote the commit.
            ("dana@example.com", "dana@example.com", "approval-by-author"),
        ] {
            let error = await #expect(throws: GitError.self) {
                try await scene.approve(name, by: approvers, key: key)
            }
            #expect(error?.code == code && error?.category == .refused)
        }
        #expect(try await scene.fixture.git("for-each-ref", "refs/descry").isEmpty)
        _ = try await scene.approve("dana@example.com", by: approvers, settings: ", authorMayApprove: true")
    }

    /// Whoever wrote any of what is new may not approve it by a last commit of somebody else.
    @Test func `the authors of all that is new do not count`() async throws {
        let scene = try await SetScene(.local)
        try await scene.withRepository { repository in
            let deployed = try await repository.update(branch: try BranchName("DEV"))
            try await repository.accept(deployed)
            try await scene.fixture.commit(to: "DEV", ["README.md": "dana's\n"])
            let id = try await scene.fixture.git(
                "-c", "user.name=Cat", "-c", "user.email=cat@example.com", "commit-tree", "-p", "DEV", "-m", "cat's",
                "DEV^{tree}")
            try await scene.fixture.move("DEV", to: id.filter { !$0.isNewline })
            let tip = try await repository.update(branch: try BranchName("DEV"))
            #expect(try await repository.authors(of: tip) == ["cat@example.com", "dana@example.com"])
            let alone = BranchTip(branch: tip.branch, commit: tip.commit, previous: nil, isRewrite: false)
            #expect(try await repository.authors(of: alone) == ["cat@example.com"])
        }
    }

    /// In the server's own words, and nothing is there.
    @Test func `a server that refuses the ref says why`() async throws {
        let scene = try await SetScene(.local)
        let approvers = try await Approvers(["ann@example.com", "bob@example.com"])
        try scene.fixture.hook("pre-receive", "echo 'approvals are made elsewhere' >&2; exit 1")
        let error = await #expect(throws: GitError.self) { try await scene.approve("ann@example.com", by: approvers) }
        #expect(error?.code == "push-refused" && error?.message.contains("approvals are made elsewhere") == true)
        #expect(try await scene.fixture.git("for-each-ref", "refs/descry").isEmpty)
    }

    private func record(
        _ scene: SetScene, _ name: String, _ signer: Signer, _ commit: String, _ environment: String = "DEV"
    ) async throws -> SignedApproval {
        let approval = try Approval(
            environment: environment, repository: RepositoryIdentity(try RemoteURL(scene.url)),
            commit: try CommitID(commit), signer: name, time: Int64(Date().timeIntervalSince1970), expires: nil)
        return try await SignedApproval.sign(approval, by: signer)
    }
}
