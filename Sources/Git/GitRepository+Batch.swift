import Logging

extension GitRepository {
    /// Makes the tips of several branches present, as ``refs()`` reported them, by one request for most of them, so that
    /// ``fetch(branch:tip:baseline:)`` of each has nothing to transfer.
    ///
    /// No branch holds up the others: where a request fails for what may be one branch's fault (its commit is gone, or older than what
    /// was accepted last), it is made again in halves, a few times; what cannot be had even so is left to the branch's own fetch,
    /// which says why.
    ///
    /// - Throws: what keeps the server from giving anything.
    public func fetch(tips: [BranchName: CommitID]) async throws(GitError) {
        try checkOpen()
        if case .inPlace = carrier { return }
        try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            var missing = try repository.missing(tips)
            if !missing.isEmpty, repository.mirror.packCount >= Self.maximumPackCount {
                // A new mirror gets them all.
                try repository.mirror.startAnew()
                missing = try repository.missing(tips)
            }
            if !missing.isEmpty { try await repository.bring(missing) }
            var present: [BranchName: CommitID] = [:]
            for (branch, tip) in tips where repository.mirror.state.fetched[branch] != tip {
                if try repository.isPresent(tip) { present[branch] = tip }
            }
            if !present.isEmpty { try repository.record(present) }
        }
    }

    private func missing(_ tips: [BranchName: CommitID]) throws(GitError) -> [FetchBatch.Want] {
        var missing: [FetchBatch.Want] = []
        for (branch, tip) in tips where try !isPresent(tip) {
            let accepted = mirror.state.accepted[branch]
            let history = accepted == tip ? .commits(1) : wantedHistory(since: accepted, nil)
            missing.append(FetchBatch.Want(branch: branch, tip: tip, history: history))
        }
        return missing
    }

    /// Fetches them. Needs the lock.
    private func bring(_ wants: [FetchBatch.Want]) async throws(GitError) {
        var batches = FetchBatch.batches(wants)
        // Enough to find two branches among any number; more than that are not worth everybody's time.
        var divisions = 2 * (Int.bitWidth - wants.count.leadingZeroBitCount)
        while !batches.isEmpty {
            let batch = batches.removeFirst()
            do throws(GitError) {
                try await exchange(batch.wants.map(\.tip), of: batch.wants.map(\.branch), history: batch.history)
            } catch  where error.code == "commit-gone" || Self.mayNeedAnotherDepth(error, batch.history) {
                logger.debug(
                    "several branches could not be fetched together",
                    metadata: ["branches": "\(batch.wants.count)", "code": "\(error.code)"])
                guard divisions > 0 else { continue }
                divisions -= 1
                batches += batch.halves
            }
        }
    }
}
