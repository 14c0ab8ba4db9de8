import Documents
import Git
import Reporting

/// The approvals of one commit, as they stand in the repository.
struct ApprovalRecords: Sendable {
    let environment: String
    let commit: CommitID
    let repository: GitRepository

    /// The file of an approval's commit that holds it.
    static let file = "approval"
    /// The most that are read for one commit: each person has one.
    static let maximumCount = 200

    /// What stands there, by ref.
    struct Reading: Sendable {
        /// Empty where it is no approval at all, which ``ApprovalCount`` then says.
        var records: [String: [UInt8]] = [:]
        /// What is not read.
        var unread: [String: ApprovalProblem] = [:]
    }

    /// Refs of people who are not in the list are not fetched: anybody who may push could make any number of them.
    ///
    /// - Throws: `GitError` where the server cannot be asked.
    func read(by signers: AllowedSigners) async throws -> Reading {
        let prefix = "\(ApprovalRef.prefix)\(environment)/\(commit)/"
        let refs = try await repository.refs(under: prefix)
        var reading = Reading()
        var known: [String: CommitID] = [:]
        for (name, id) in refs.sorted(by: { $0.key < $1.key }) {
            guard let signer = ApprovalRef(name)?.signer else {
                reading.records[name] = []
                continue
            }
            if !signers.know(signer) {
                reading.unread[name] = ApprovalProblem(
                    "signer-unknown", "\(TerminalText.escaped(signer)) is not in \(signers.file)")
            } else if known.count >= Self.maximumCount {
                reading.unread[name] = ApprovalProblem(
                    "too-many-approvals", "more than \(Self.maximumCount) people have approved; the rest is not read")
            } else {
                known[name] = id
            }
        }
        try await repository.fetch(Set(known.values))
        for (name, id) in known {
            do throws(GitError) {
                reading.records[name] = try await repository.file(at: Self.file, in: id)
            } catch {
                // Whoever may push a ref may point it at anything.
                guard error.category == .refused || error.code == "cache-damaged" else { throw error }
                reading.records[name] = []
            }
        }
        return reading
    }
}

extension AllowedSigners {
    /// Somebody of this name may sign with some key.
    func know(_ name: String) -> Bool { entries.contains { $0.isAuthority || $0.principals.match(name) } }
}

extension DescriptorLocation {
    /// What has to be approved of a commit, by what is known of who made it.
    ///
    /// - Parameter signed: who signed it and what came before it, where that was asked for.
    /// - Throws: `GitError` with code `signers-unreadable` (denied), `Refused` where the list is wrong.
    func approvalRule(
        _ settings: ApprovalSettings, _ tip: BranchTip, signed: [CommitSigner], in repository: GitRepository
    ) async throws -> ApprovalRule {
        var authors = try await repository.authors(of: tip)
        var keys: Set<SSHPublicKey> = []
        for signer in signed {
            switch signer.identity {
            case .ssh(let signer):
                authors.insert(signer.principal)
                keys.insert(signer.key)
            case .gpg(let signer):
                let address = signer.name.split(separator: "<").last?.prefix { $0 != ">" }
                authors.insert(address.map(String.init) ?? signer.name)
            }
        }
        return ApprovalRule(
            environment: environment, repository: RepositoryIdentity(self.repository), commit: tip.commit,
            settings: settings, signers: try SignatureSettings.read(settings.signers), authors: authors,
            authorKeys: keys)
    }

    /// Counts the approvals of a commit.
    ///
    /// - Parameter now: in seconds since 1970.
    func approvals(
        _ settings: ApprovalSettings, _ tip: BranchTip, signed: [CommitSigner], in repository: GitRepository,
        at now: Int64
    ) async throws -> ApprovalCount {
        let rule = try await approvalRule(settings, tip, signed: signed, in: repository)
        let records = ApprovalRecords(environment: environment, commit: tip.commit, repository: repository)
        let reading = try await records.read(by: rule.signers)
        return ApprovalCount(reading.records, unread: reading.unread, by: rule, at: now)
    }
}
