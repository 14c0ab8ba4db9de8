import Documents
import Git

/// What has to be approved, and by how many.
public struct ApprovalRule: Sendable, Hashable {
    public let environment: String
    public let repository: RepositoryIdentity
    public let commit: CommitID
    /// How many people it takes.
    public let count: Int
    public let authorMayApprove: Bool
    /// For how many seconds an approval counts; nil for as long as it says itself.
    public let expiry: Int64?
    /// Who may approve.
    public let signers: AllowedSigners
    /// By what names the commit's author goes: the e-mail address in it, and where it was signed, who signed it.
    public let authors: Set<String>
    /// The keys that the commit was signed by.
    public let authorKeys: Set<SSHPublicKey>

    public init(
        environment: String, repository: RepositoryIdentity, commit: CommitID, settings: ApprovalSettings,
        signers: AllowedSigners, authors: Set<String>, authorKeys: Set<SSHPublicKey> = []
    ) {
        self.environment = environment
        self.repository = repository
        self.commit = commit
        count = settings.count
        authorMayApprove = settings.authorMayApprove
        expiry = settings.expiry.map(\.components.seconds)
        self.signers = signers
        self.authors = authors
        self.authorKeys = authorKeys
    }
}

/// How many people have approved a commit, and why the other approvals don't count.
public struct ApprovalCount: Sendable, Hashable {
    /// One for each person: the first of theirs.
    public let approvals: [Approval]
    /// By the ref that they stand at.
    public let refused: [String: ApprovalProblem]
    /// How many are asked for.
    public let needed: Int
    /// When each counts no longer, in seconds since 1970; absent where it does not end.
    let ends: [Approval: Int64]

    public var isEnough: Bool { approvals.count >= needed }

    /// Such as `1 of 2 approvals (dana@example.com)`.
    public var summary: String {
        let names = approvals.map { TerminalText.escaped($0.signer) }.joined(separator: ", ")
        return "\(approvals.count) of \(needed) approvals" + (names.isEmpty ? "" : " (\(names))")
    }

    /// How far ahead of this machine's clock an approval's may be, in seconds.
    static let clockTolerance: Int64 = 300

    /// Counts people. Pure: the same records at the same time give the same answer.
    ///
    /// - Parameters:
    ///   - records: what stands at each ref.
    ///   - unread: what stands at other refs and was not even read, with why.
    ///   - now: in seconds since 1970.
    public init(
        _ records: [String: [UInt8]], unread: [String: ApprovalProblem] = [:], by rule: ApprovalRule, at now: Int64
    ) {
        var good: [(ref: String, approval: Approval, key: SSHPublicKey)] = []
        var refused = unread
        for (ref, bytes) in records.sorted(by: { $0.key < $1.key }) {
            do throws(ApprovalProblem) {
                let record = try rule.check(bytes, at: ref, now)
                good.append((ref, record.approval, record.signature.publicKey))
            } catch { refused[ref] = error }
        }
        good.sort { ($0.approval.time, $0.ref) < ($1.approval.time, $1.ref) }
        var people: [[Int]] = []
        for index in good.indices {
            let own = people.indices.filter { person in
                people[person].contains { rule.areOnePerson(good[$0], good[index]) }
            }
            let joined = own.flatMap { people[$0] } + [index]
            for person in own.reversed() { people.remove(at: person) }
            people.append(joined.sorted())
        }
        var approvals: [Approval] = []
        for person in people.sorted(by: { $0[0] < $1[0] }) {
            if !rule.authorMayApprove, person.contains(where: { rule.isAuthor(good[$0]) }) {
                for index in person {
                    refused[good[index].ref] = ApprovalProblem(
                        "approval-by-author", "\(good[index].approval.signer) is the commit's author")
                }
                continue
            }
            approvals.append(good[person[0]].approval)
            for index in person.dropFirst() {
                refused[good[index].ref] = ApprovalProblem(
                    "approval-by-same-person",
                    "\(good[index].approval.signer) has approved already, as \(good[person[0]].approval.signer)")
            }
        }
        self.approvals = approvals
        self.refused = refused
        needed = rule.count
        ends = Dictionary(
            approvals.compactMap { approval in rule.end(of: approval).map { (approval, $0) } },
            uniquingKeysWith: { first, _ in first })
    }
}

extension ApprovalRule {
    /// One record, by itself.
    fileprivate func check(_ bytes: [UInt8], at ref: String, _ now: Int64) throws(ApprovalProblem) -> SignedApproval {
        let record = try SignedApproval(bytes)
        let approval = record.approval
        guard approval.environment == environment else {
            throw ApprovalProblem("approval-environment", "The approval is for \(approval.environment)")
        }
        guard approval.repository == repository.description else {
            throw ApprovalProblem("approval-repository", "The approval is for the repository \(approval.repository)")
        }
        guard approval.commit == commit else {
            throw ApprovalProblem("approval-commit", "The approval is for the commit \(approval.commit.short)")
        }
        guard ref == ApprovalRef(approval).description else {
            throw ApprovalProblem("approval-ref", "The approval is \(approval.signer)'s, and stands at another's ref")
        }
        guard approval.time <= now + ApprovalCount.clockTolerance else {
            throw ApprovalProblem("approval-from-the-future", "The approval was given at a time that is yet to come")
        }
        guard end(of: approval).map({ now < $0 }) ?? true else {
            throw ApprovalProblem("approval-expired", "The approval has expired")
        }
        do throws(GitError) {
            // Now, and not when it was given: an approval is of use now, and its time is the signer's own word.
            _ = try signers.verify(
                record.signature, over: approval.text, namespace: Approval.namespace, at: now, as: approval.signer)
        } catch { throw ApprovalProblem(error.code, error.message) }
        return record
    }

    /// The first second at which it no longer counts; nil where it does not end.
    fileprivate func end(of approval: Approval) -> Int64? {
        [approval.expires, expiry.map { approval.time + $0 }].compactMap { $0 }.min()
    }

    fileprivate typealias Given = (ref: String, approval: Approval, key: SSHPublicKey)

    fileprivate func areOnePerson(_ one: Given, _ other: Given) -> Bool {
        one.key == other.key || isOneName(one.approval.signer, other.approval.signer)
            || signers.allow(one.approval.signer, other.key) || signers.allow(other.approval.signer, one.key)
    }

    fileprivate func isAuthor(_ given: Given) -> Bool {
        authorKeys.contains(given.key)
            || authors.contains { isOneName($0, given.approval.signer) || signers.allow($0, given.key) }
    }

    /// Case doesn't matter: mail addresses are commonly written in either.
    private func isOneName(_ one: String, _ other: String) -> Bool {
        one.lowercased() == other.lowercased() || signers.areOnePerson(one, other)
    }
}
