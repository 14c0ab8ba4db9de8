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
        try await read(try await tip(acceptsRewrite: true)).descriptor
    }

    /// - Throws: `GitError`; code `branch-rewritten` (refused) where the branch was force-pushed and that is not accepted,
    ///   and those of a commit that must be signed and isn't.
    func tip(acceptsRewrite: Bool) async throws -> BranchTip {
        let tip = try await repository.update(branch: environment.branch)
        if let rewrite = tip.rewriteNote, !acceptsRewrite {
            throw GitError(
                code: "branch-rewritten", message: rewrite, hint: "Look at both, then run again with --accept-rewrite",
                category: .refused)
        }
        try await environment.signatures.verify(tip, in: repository)
        return tip
    }

    /// A descriptor as it is in a commit.
    struct Version: Sendable {
        var commit: SyncReport.Commit
        var descriptor: Descriptor
        var bytes: [UInt8]

        /// SHA-256 of the file's bytes, hex.
        var digest: String {
            SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    /// - Throws: `Refused` with every problem of the descriptor; `GitError` where there is no such file.
    func read(_ tip: BranchTip) async throws -> Version {
        let commit = try await repository.commit(tip.commit)
        let bytes = try await repository.file(at: environment.descriptor, in: tip.commit)
        let summary = SyncReport.Commit(
            id: commit.id.description, author: commit.author, time: Date(timeIntervalSince1970: Double(commit.time)),
            subject: commit.subject)
        return Version(
            commit: summary,
            descriptor: try Descriptor.parse(bytes, file: "\(environment.branch):\(environment.descriptor)"),
            bytes: bytes)
    }
}

extension BranchTip {
    /// Nil where the branch only grew since it was deployed last.
    var rewriteNote: String? {
        guard isRewrite, let previous else { return nil }
        return
            "The branch \(branch) was force-pushed: \(previous), deployed last, is not an ancestor of its tip \(commit)"
    }
}
