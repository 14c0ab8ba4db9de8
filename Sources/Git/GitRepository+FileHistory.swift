extension GitRepository {
    /// What a file said in the newest commits of a branch, the newest first, each content once. Of merges the first parent is
    /// followed: what the branch itself was. Commits in which the path is no regular file are passed over.
    ///
    /// What is missing of so much history is fetched, by one request.
    ///
    /// - Parameters:
    ///   - tip: as ``refs()`` reported it, and fetched.
    ///   - limit: how many commits are looked at.
    /// - Throws: as ``fetch(branch:tip:baseline:)``.
    public func contents(
        of path: String, from tip: CommitID, of branch: BranchName, commits limit: Int
    ) async throws(GitError) -> [[UInt8]] {
        try checkOpen()
        if case .inPlace = carrier {
            // All of it is here.
        } else if try line(from: tip, limit).isShort {
            try await withLock { repository throws(GitError) in
                _ = try repository.mirror.load()
                try await repository.exchange([tip], of: [branch], history: .commits(limit))
            }
        }
        let reader = FileReader(store: try mirror.objects(), limit: options.limits.file)
        var contents: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        for commit in try line(from: tip, limit).commits {
            let bytes: [UInt8]
            do throws(GitError) { bytes = try reader.file(at: path, in: commit) } catch {
                guard error.category == .refused else { throw error }
                continue
            }
            if seen.insert(bytes).inserted { contents.append(bytes) }
        }
        return contents
    }

    /// The first parents that are here, and whether there are more that are not.
    private func line(from tip: CommitID, _ limit: Int) throws(GitError) -> (commits: [CommitID], isShort: Bool) {
        let store = try mirror.objects()
        let history = History(store: store)
        var commits: [CommitID] = []
        var next: CommitID? = tip
        while let id = next, commits.count < limit {
            guard store.contains(id) else { return (commits, true) }
            commits.append(id)
            next = try history.commit(id).parents.first
        }
        return (commits, false)
    }
}
