import Crypto
import Descriptors
import FoundationEssentials
import Git
import Reporting

/// From the git ref to the descriptor: the tip of the environment's branch, its commit, and the descriptor in it.
public struct DescriptorSource: Sendable {
    let environment: Environment
    let repository: GitRepository

    public init(environment: Environment, repository: GitRepository) {
        self.environment = environment
        self.repository = repository
    }

    /// The descriptor at the branch's tip, whether or not the branch was force-pushed.
    ///
    /// - Throws: `Refused`, `GitError`.
    public func current() async throws -> Descriptor {
        try await read(try await repository.update(branch: environment.branch)).descriptor
    }

    /// Makes the commit present that the branch points at.
    ///
    /// - Throws: `GitError`; code `branch-rewritten` (refused) where the branch was force-pushed and that is not accepted.
    func tip(_ commit: CommitID, acceptsRewrite: Bool) async throws -> BranchTip {
        let tip = try await repository.fetch(branch: environment.branch, tip: commit)
        if let refusal = tip.refusal, !acceptsRewrite { throw refusal }
        return tip
    }

    /// The same for a pass that writes: beside what this machine's cache has accepted, what the environment's history says was
    /// accepted counts. A fresh cache would believe whatever it sees first, and an old one does not know what a person has
    /// accepted elsewhere.
    func tip(_ commit: CommitID, acceptsRewrite: Bool, history store: HistoryStore) async throws -> BranchTip {
        let branch = environment.branch
        func recorded() async throws -> GitRepository.Baseline? {
            try await store.read(.asNeeded)?.accepted?.baseline(of: branch, in: repository.remote)
        }
        let isFresh = try await repository.accepted(branch) == nil
        let tip = try await repository.fetch(
            branch: branch, tip: commit, baseline: isFresh ? try await recorded() : nil)
        guard let refusal = tip.refusal, !acceptsRewrite else { return tip }
        guard !isFresh, let other = try await recorded(), other.commit != tip.previous,
            try await repository.isAncestor(other.commit, of: tip.commit) == .ancestor
        else { throw refusal }
        return BranchTip(branch: branch, commit: tip.commit, previous: tip.previous, isRewrite: false)
    }

    /// A descriptor as it is in a commit.
    struct Version: Sendable {
        /// As it was compared with what was accepted last.
        var branchTip: BranchTip
        /// Who signed it, and what came before it, as far as that was asked for.
        var signed: [CommitSigner]
        var tip: CommitID { branchTip.commit }
        var commit: SyncReport.Commit
        var descriptor: Descriptor
        var bytes: [UInt8]

        /// SHA-256 of the file's bytes, hex.
        var digest: String {
            SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    /// - Throws: `Refused` with every problem of the descriptor; `GitError` where there is no such file, and those of a commit that
    ///   must be signed and isn't.
    func read(_ tip: BranchTip) async throws -> Version {
        let signed = try await environment.signatures.verify(tip, in: repository)
        let commit = try await repository.commit(tip.commit)
        let bytes = try await repository.file(at: environment.descriptor, in: tip.commit)
        let summary = SyncReport.Commit(
            id: commit.id.description, author: commit.author, time: Date(timeIntervalSince1970: Double(commit.time)),
            subject: commit.subject)
        return Version(
            branchTip: tip, signed: signed, commit: summary,
            descriptor: try Descriptor.parse(bytes, file: "\(environment.branch):\(environment.descriptor)"),
            bytes: bytes)
    }
}

extension BranchTip {
    var refusal: GitError? {
        rewriteNote.map {
            GitError(
                code: "branch-rewritten", message: $0, hint: "Look at both, then run apply with --accept-rewrite",
                category: .refused)
        }
    }

    /// Nil where the branch only grew since it was deployed last.
    var rewriteNote: String? {
        guard isRewrite, let previous else { return nil }
        return
            "The branch \(branch) was force-pushed: \(previous), deployed last, is not an ancestor of its tip \(commit)"
    }
}
