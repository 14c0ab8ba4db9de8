import Logging

extension GitRepository {
    /// The refs below a prefix, such as `refs/descry/approvals/LIVE/`, or the one of that very name, with what they point at.
    ///
    /// - Parameter prefix: begins with `refs/`.
    /// - Throws: as ``refs()``.
    public func refs(under prefix: String) async throws(GitError) -> [String: CommitID] {
        try checkOpen()
        let found: [AdvertisedRef]
        if case .inPlace = carrier {
            found = try LocalRepository.refs(in: remote.path, under: prefix)
        } else {
            found = try await request(.refs) { repository, watchdog throws(GitError) in
                try await repository.converse(watchdog) { upload throws(GitError) in
                    try await upload.refs(prefixes: [prefix])
                }
            }
        }
        var refs: [String: CommitID] = [:]
        for ref in found where ref.name.hasPrefix(prefix) { refs[ref.name] = ref.id }
        return refs
    }

    /// Makes commits present, without their history, that ``refs(under:)`` has reported. Nothing is transferred where the mirror has
    /// them already.
    ///
    /// - Throws: as ``fetch(branch:tip:baseline:)``.
    public func fetch(_ commits: Set<CommitID>) async throws(GitError) { try await fetch(commits, after: nil) }

    /// - Parameter known: a commit of the same history that may be here.
    func fetch(_ commits: Set<CommitID>, after known: CommitID?) async throws(GitError) {
        try checkOpen()
        if case .inPlace = carrier { return }
        try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            let store = try repository.mirror.objects()
            let missing = commits.filter { !store.contains($0) }.sorted()
            guard !missing.isEmpty else { return }
            // No tips of branches are named as present: what these refs point at has nothing in common with them.
            let haves = [known].compactMap { $0 }.filter { store.contains($0) }
            let request = FetchRequest(wants: missing, haves: haves, shallow: haves, history: .commits(1))
            let fetched = try await repository.request(.fetch) { repository, watchdog throws(GitError) in
                try await repository.converse(watchdog) { upload throws(GitError) in try await upload.pack(request) }
            }
            let incoming = try repository.mirror.receive()
            try incoming.indexer.append(fetched.bytes)
            try repository.adopt(incoming, repository.mirror.state.shallow.union(fetched.shallow))
        }
    }
}
