import FoundationEssentials
import Git
import Reporting

/// Approves a commit: signs the approval and brings it to the repository, at the signer's own ref.
public struct ApproveCommit: Sendable {
    let location: DescriptorLocation
    let repository: GitRepository
    let signer: Signer
    let name: String?
    let identity: CommitIdentity
    let validity: Duration?
    let now: @Sendable () -> Date

    /// - Parameters:
    ///   - signer: signs it.
    ///   - name: of the signer in the operator's list; nil for the name that the list has for the key where it is at hand, else
    ///     the address of `identity`.
    ///   - identity: who the commit that holds the approval is by. It decides nothing.
    ///   - validity: how long the approval counts; nil for as long as the environment says.
    public init(
        location: DescriptorLocation, repository: GitRepository, signer: Signer, name: String?,
        identity: CommitIdentity, validity: Duration?, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.location = location
        self.repository = repository
        self.signer = signer
        self.name = name
        self.identity = identity
        self.validity = validity
        self.now = now
    }

    /// - Parameter commit: nil for the branch's tip.
    /// - Throws: `GitError`: what reading and pushing throw; `approval-useless` (refused) where the operator's list is at hand and
    ///   the approval would not count by it.
    public func run(_ commit: CommitID?) async throws -> ApprovalReport {
        let tip = try await repository.update(branch: location.branch)
        let approved = BranchTip(
            branch: tip.branch, commit: commit ?? tip.commit, previous: tip.previous, isRewrite: tip.isRewrite)
        let info = try await repository.commit(approved.commit)
        let seconds = Int64(now().timeIntervalSince1970)
        let rule = try await rule(approved)
        let name = name ?? rule.flatMap { $0.signers.name(of: signer.publicKey) } ?? identity.email
        let record: SignedApproval
        do {
            record = try await SignedApproval.sign(
                Approval(
                    environment: location.environment, repository: RepositoryIdentity(location.repository),
                    commit: approved.commit, signer: name, time: seconds,
                    expires: validity.map { seconds + $0.components.seconds }), by: signer)
        } catch let problem as ApprovalProblem {
            throw GitError(code: problem.code, message: problem.message, category: .refused)
        }
        let ref = ApprovalRef(record.approval).description
        if let rule, let problem = ApprovalCount([ref: record.bytes], by: rule, at: seconds).refused[ref] {
            throw GitError(
                code: problem.code, message: "This approval would not count: \(problem.message)",
                hint: "--signer and --sign-key say who approves; \(rule.signers.file) says who may", category: .refused)
        }
        let answer = try await push(record, ref, info)
        var report = ApprovalReport(
            command: .approve, environment: location.environment, repository: location.repository.description,
            branch: location.branch.description, commit: SyncReport.Commit(info))
        report.ref = ref
        report.signer = name
        report.key = signer.publicKey.fingerprint
        report.remote = answer.messages
        if let settings = location.approvals, rule != nil {
            report.take(
                try await location.approvals(
                    settings, approved, signed: [], in: repository, at: Int64(now().timeIntervalSince1970)))
        }
        return report
    }

    /// What stands at the signer's ref already is replaced: it may have expired.
    private func push(_ record: SignedApproval, _ ref: String, _ info: CommitInfo) async throws
        -> GitRepository.PushAnswer
    {
        let draft = RefDraft(
            ref: ref, old: try await repository.refs(under: ref)[ref],
            message: "Approve \(info.id.short) for \(location.environment)\n\n\(info.subject)",
            author: identity.at(record.approval.time))
        let update = try await repository.prepare(draft, file: ApprovalRecords.file, content: record.bytes)
        return try await repository.push(update)
    }

    /// Nil where this machine does not have the operator's list: then the loop says what counts.
    private func rule(_ tip: BranchTip) async throws -> ApprovalRule? {
        guard let settings = location.approvals else { return nil }
        do {
            return try await location.approvalRule(settings, tip, signed: [], in: repository)
        } catch let error as GitError where error.code == "signers-unreadable" {
            return nil
        }
    }
}

/// Tells which approvals a commit has, and which of them count.
public struct ListApprovals: Sendable {
    let location: DescriptorLocation
    let repository: GitRepository
    let now: @Sendable () -> Date

    public init(
        location: DescriptorLocation, repository: GitRepository, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.location = location
        self.repository = repository
        self.now = now
    }

    /// - Parameter commit: nil for the branch's tip.
    /// - Throws: `no-approvals` (refused) where the environment asks for none; what reading throws.
    public func run(_ commit: CommitID?) async throws -> ApprovalReport {
        guard let settings = location.approvals else {
            throw GitError(
                code: "no-approvals", message: "\(location.environment) asks for no approvals",
                hint: "Write `approvals:` into its environment file", category: .refused)
        }
        let tip = try await repository.update(branch: location.branch)
        let asked = BranchTip(
            branch: tip.branch, commit: commit ?? tip.commit, previous: tip.previous, isRewrite: tip.isRewrite)
        let info = try await repository.commit(asked.commit)
        let signed = try await location.signatures.verify(asked, in: repository)
        var report = ApprovalReport(
            command: .approvals, environment: location.environment, repository: location.repository.description,
            branch: location.branch.description, commit: SyncReport.Commit(info))
        report.take(
            try await location.approvals(
                settings, asked, signed: signed, in: repository, at: Int64(now().timeIntervalSince1970)))
        return report
    }
}

extension ApprovalReport {
    fileprivate mutating func take(_ count: ApprovalCount) {
        needed = count.needed
        isEnough = count.isEnough
        approvals = count.approvals.map { approval in
            Given(
                signer: approval.signer, time: Date(timeIntervalSince1970: Double(approval.time)),
                expires: count.ends[approval].map { Date(timeIntervalSince1970: Double($0)) })
        }
        refused = count.refused.sorted { $0.key < $1.key }.map { ref, problem in
            Refused(
                ref: ref, signer: ApprovalRef(ref)?.signer, code: problem.code, message: problem.message)
        }
    }
}

extension AllowedSigners {
    /// The name by which the first line for this key calls its owner.
    func name(of key: SSHPublicKey) -> String? {
        entries.first { !$0.isAuthority && $0.key == key }?.principals.firstName
    }
}
