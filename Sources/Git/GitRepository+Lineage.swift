import Logging

// The history of a repository as a whole, for questions of descent: of an app's source, say, whose files are nobody's business here.
// Such a repository needs a cache folder of its own: its mirror has commits without folders.
extension GitRepository {
    /// How one commit is related to another.
    public enum Relation: Sendable, Hashable {
        /// The second one descends from the first, or is the same.
        case descends
        /// The first one descends from the second.
        case precedes
        case diverged
        /// No branch has a commit of this name, or more than one.
        case absent(String)
    }

    /// Fetches the commits of every branch: those alone, where the server can leave out the rest, and those alone that are new
    /// since the last time.
    public func fetchLineage() async throws(GitError) {
        try checkOpen()
        if case .inPlace = carrier { return }
        let branches = try await refs().branches
        try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            if repository.mirror.packCount >= Self.maximumPackCount { try repository.mirror.startAnew() }
            let store = try repository.mirror.objects()
            let missing = Set(branches.values).filter { !store.contains($0) }.sorted()
            if !missing.isEmpty {
                let haves = Set(repository.mirror.state.fetched.values).filter { store.contains($0) }.sorted()
                try await repository.exchange(
                    FetchRequest(wants: missing, haves: haves, isCommitsOnly: true))
            }
            var state = repository.mirror.state
            state.fetched = branches
            try repository.mirror.save(state)
        }
    }

    /// How two commits of the history that was fetched are related. Their names may be abbreviated.
    public func relation(_ first: String, _ second: String) throws(GitError) -> Relation {
        try checkOpen()
        let store = try mirror.objects()
        guard let old = store.resolve(first) else { return .absent(first) }
        guard let new = store.resolve(second) else { return .absent(second) }
        let history = History(store: store)
        if try history.ancestry(old, of: new) == .ancestor { return .descends }
        return try history.ancestry(new, of: old) == .ancestor ? .precedes : .diverged
    }
}
