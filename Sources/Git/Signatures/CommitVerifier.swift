/// Which commits must carry a signature.
public enum SignatureRule: String, Sendable, Hashable, CaseIterable {
    /// None.
    case none
    /// The one that is deployed.
    case tip
    /// That, and each commit since the one deployed last.
    case all
}

/// Who signed a commit, as far as that was asked for.
public struct CommitSigner: Sendable, Hashable {
    /// By which kind of signature, and whom it names.
    public enum Identity: Sendable, Hashable {
        case ssh(VerifiedSigner)
        case gpg(GPGSigner)
    }

    public let commit: CommitID
    public let identity: Identity

    public init(commit: CommitID, identity: Identity) {
        self.commit = commit
        self.identity = identity
    }
}

/// Gives a commit's own text; nil for a commit that isn't here.
public typealias CommitReader = nonisolated(nonsending) (CommitID) async throws(GitError) -> [UInt8]?

/// Checks that commits were signed by people who may.
///
/// As in git, an SSH key must have been valid at the committer's time, so that what was signed before a key was retired
/// stays good. That time is the committer's own word: whoever has a stolen key can write any. `valid-before` is
/// therefore for keys that were retired; a key that was lost must be taken out of the list, which then refuses all that it
/// ever signed.
public struct CommitVerifier: Sendable {
    public let rule: SignatureRule
    /// nil where no SSH signature counts.
    public let allowedSigners: AllowedSigners?
    /// nil where no GPG signature counts.
    public let gpg: GPGVerifier?

    public init(rule: SignatureRule, allowedSigners: AllowedSigners?, gpg: GPGVerifier? = nil) {
        self.rule = rule
        self.allowedSigners = allowedSigners
        self.gpg = gpg
    }

    /// Checks one commit, whatever the rule says.
    ///
    /// - Parameter bytes: the commit's own text.
    /// - Throws: `commit-unsigned`, `commit-malformed`, `signature-unsupported`, and what
    ///   ``AllowedSigners/verify(_:over:namespace:at:as:)``, ``SSHSignature/init(armored:)`` and
    ///   ``GPGVerifier/verify(_:over:)`` throw, all with the commit's name in the message.
    nonisolated(nonsending) public func verify(_ bytes: [UInt8], id: CommitID) async throws(GitError) -> CommitSigner {
        let commit = try SignedCommit(bytes, id: id)
        guard let signature = commit.signature else {
            throw .refused(
                "commit-unsigned", "The commit \(id.short) is not signed",
                hint: "Sign it: git commit -S --amend, with gpg.format=ssh and user.signingKey set")
        }
        do throws(GitError) {
            return CommitSigner(commit: id, identity: try await identity(signature, commit))
        } catch {
            throw GitError(
                code: error.code, message: "The commit \(id.short): \(error.message)", hint: error.hint,
                category: error.category)
        }
    }

    nonisolated(nonsending) private func identity(_ signature: [UInt8], _ commit: SignedCommit) async throws(GitError)
        -> CommitSigner.Identity
    {
        if signature.starts(with: SSHSignature.firstLine.utf8), let allowedSigners {
            let signature = try SSHSignature(armored: signature)
            return .ssh(
                try allowedSigners.verify(signature, over: commit.payload, namespace: "git", at: commit.time))
        }
        if signature.starts(with: "-----BEGIN PGP SIGNATURE-----".utf8), let gpg {
            return .gpg(try await gpg.verify(signature, over: commit.payload))
        }
        let accepted = [allowedSigners.map { _ in "SSH" }, gpg.map { _ in "GPG" }].compactMap { $0 }
        throw .refused(
            "signature-unsupported",
            "it carries a signature of a kind that doesn't count here; taken are: \(accepted.joined(separator: ", "))",
            hint: "For SSH name allowedSigners, for GPG gpgHome")
    }
}

extension CommitVerifier {
    /// Checks what the rule asks for: the tip, or every commit that can be reached from it and not from `base`.
    ///
    /// - Parameters:
    ///   - base: the commit that was accepted last; nil where none was. Then `all` begins with the tip alone, which is
    ///     the state that an operator has looked at.
    ///   - read: a commit's own text; nil for one that isn't here.
    /// - Returns: who signed, the tip first.
    /// - Throws: what ``verify(_:id:)`` throws, for the first commit that fails; `commit-missing` where a commit isn't here,
    ///   as beyond the end of a shallow history: what can't be seen can't be checked; `history-too-long`.
    nonisolated(nonsending) public func verify(
        tip: CommitID, since base: CommitID?, read: CommitReader
    ) async throws(GitError) -> [CommitSigner] {
        if rule == .none { return [] }
        let new = rule == .tip || base == nil ? [tip] : try await newCommits(tip, base, read)
        var signers: [CommitSigner] = []
        for id in new { signers.append(try await verify(try await text(id, read), id: id)) }
        return signers
    }

    /// The most commits that one check takes.
    static let maximumCount = 10_000

    /// Everything reachable from `tip` and not from `base`, the tip first.
    ///
    /// The history behind `base` is followed in step with the other, since a merge may bring in a line that left it
    /// before `base`, whose commits were deployed long ago. Where that history ends in a shallow boundary, those commits count as new:
    /// that can only ask for more signatures, never for fewer.
    nonisolated(nonsending) private func newCommits(
        _ tip: CommitID, _ base: CommitID?, _ read: CommitReader
    ) async throws(GitError) -> [CommitID] {
        guard let base, base != tip else { return [tip] }
        let old = try await reachable(from: base, read)
        var new: [CommitID] = []
        var seen: Set<CommitID> = [tip]
        var queue = [tip]
        while !queue.isEmpty {
            let id = queue.removeFirst()
            if old.contains(id) { continue }
            guard new.count < Self.maximumCount else { throw Self.tooLong }
            new.append(id)
            for parent in try parents(of: id, try await text(id, read)) where seen.insert(parent).inserted {
                queue.append(parent)
            }
        }
        return new.isEmpty ? [tip] : new
    }

    /// `base` and what is here of its history. Its parents are named by it, whether or not they are here.
    nonisolated(nonsending) private func reachable(
        from base: CommitID, _ read: CommitReader
    ) async throws(GitError) -> Set<CommitID> {
        var seen: Set<CommitID> = [base]
        var queue = [base]
        var next = 0
        while next < queue.count, next < Self.maximumCount {
            let id = queue[next]
            next += 1
            guard let bytes = try await read(id) else { continue }
            for parent in try parents(of: id, bytes) where seen.insert(parent).inserted { queue.append(parent) }
        }
        return seen
    }

    private func parents(of id: CommitID, _ bytes: [UInt8]) throws(GitError) -> [CommitID] {
        guard let commit = CommitObject(bytes) else {
            throw .refused("commit-malformed", "The commit \(id.short) can't be read")
        }
        return commit.parents
    }

    nonisolated(nonsending) private func text(
        _ id: CommitID, _ read: CommitReader
    ) async throws(GitError) -> [UInt8] {
        if let bytes = try await read(id) { return bytes }
        throw .refused(
            "commit-missing", "The commit \(id.short) isn't here, so that its signature can't be checked",
            hint: "The history between the last deployment and this one must be complete")
    }

    private static let tooLong = GitError.refused(
        "history-too-long", "More than \(maximumCount) commits are new; that many signatures aren't checked",
        hint: "Deploy in smaller steps, or ask for the tip's signature only")
}
