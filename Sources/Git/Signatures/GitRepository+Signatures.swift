extension GitRepository {
    /// Checks what a rule asks for of a tip that was fetched: its signature, or that of every commit since the one accepted
    /// last.
    ///
    /// - Returns: who signed, the tip first.
    /// - Throws: what ``CommitVerifier/verify(tip:since:read:)`` throws.
    public func verifySignatures(of tip: BranchTip, by verifier: CommitVerifier) async throws(GitError)
        -> [CommitSigner]
    {
        try checkOpen()
        let store = try mirror.objects()
        return try await verifier.verify(tip: tip.commit, since: tip.previous) { id throws(GitError) in
            guard let object = try store.read(id) else { return nil }
            guard object.kind == .commit else { throw .refused("not-a-commit", "\(id) names no commit") }
            return object.bytes
        }
    }

    /// Who wrote what is new about a tip that was fetched, by the e-mail addresses in the commits: of each since the one accepted last,
    /// as far as they are at hand, and of the tip in any case.
    public func authors(of tip: BranchTip) async throws(GitError) -> Set<String> {
        try await reading(tip.commit) { store throws(GitError) in
            try History(store: store).authors(from: tip.commit, downTo: tip.previous)
        }
    }
}
