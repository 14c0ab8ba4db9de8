/// Questions about commits, answered from the objects at hand.
struct History {
    let store: ObjectStore

    /// - Throws: `commit-not-fetched` (internal), `not-a-commit` (refused), `cache-damaged`.
    func commit(_ id: CommitID) throws(GitError) -> CommitObject {
        guard let object = try store.read(id) else {
            throw .internal("commit-not-fetched", "The commit \(id) isn't in the cache", hint: "Fetch its branch first")
        }
        guard object.kind == .commit else { throw .refused("not-a-commit", "\(id) names no commit") }
        guard let commit = CommitObject(object.bytes) else { throw ObjectStore.damaged(id) }
        return commit
    }

    /// Whether a commit and its root folder are here.
    func isPresent(_ id: CommitID) throws(GitError) -> Bool {
        guard store.contains(id) else { return false }
        return store.contains(try commit(id).tree)
    }

    /// Follows every line of descent from `descendant`, as far as commits are here.
    func ancestry(_ ancestor: CommitID, of descendant: CommitID) throws(GitError) -> Ancestry {
        if ancestor == descendant { return store.contains(descendant) ? .ancestor : .unknown }
        var seen: Set<CommitID> = [descendant]
        var queue = [descendant]
        var next = 0
        var isComplete = true
        while next < queue.count {
            let id = queue[next]
            next += 1
            guard store.contains(id) else {
                isComplete = false
                continue
            }
            for parent in try commit(id).parents {
                // A name in a commit is a proof, whether or not the parent itself is here.
                if parent == ancestor { return .ancestor }
                if seen.insert(parent).inserted { queue.append(parent) }
            }
        }
        return isComplete ? .unrelated : .unknown
    }

    /// What ``search(_:from:downTo:)`` finds.
    enum Search: Sendable, Hashable {
        case found(CommitID)
        case none
        /// The history at hand ends before the question is settled.
        case unknown
    }

    /// Looks for commits among those that came to a branch after `base`.
    func search(_ wanted: Set<CommitID>, from tip: CommitID, downTo base: CommitID) throws(GitError) -> Search {
        var seen: Set<CommitID> = [tip]
        var queue = [tip]
        var isComplete = true
        while let id = queue.popLast() {
            if wanted.contains(id) { return .found(id) }
            guard store.contains(id) else {
                isComplete = false
                continue
            }
            for parent in try commit(id).parents where parent != base && seen.insert(parent).inserted {
                queue.append(parent)
            }
        }
        return isComplete ? .none : .unknown
    }

    /// The e-mail addresses of those who wrote what came to a branch after `base`, as far as commits are here; of the tip alone
    /// where that is nothing, or `base` is nil.
    func authors(from tip: CommitID, downTo base: CommitID?) throws(GitError) -> Set<String> {
        var authors: Set<String> = [try commit(tip).email]
        guard let base, base != tip else { return authors }
        var old: Set<CommitID> = [base]
        var queue = [base]
        while let id = queue.popLast() {
            guard store.contains(id) else { continue }
            for parent in try commit(id).parents where old.insert(parent).inserted { queue.append(parent) }
        }
        var seen: Set<CommitID> = [tip]
        queue = old.contains(tip) ? [] : [tip]
        while let id = queue.popLast() {
            guard store.contains(id) else { continue }
            let commit = try commit(id)
            authors.insert(commit.email)
            for parent in commit.parents where !old.contains(parent) && seen.insert(parent).inserted {
                queue.append(parent)
            }
        }
        return authors
    }

    /// The commits reachable from `tips` whose parents are cut off: those a server recorded, and those whose parents
    /// aren't here.
    func boundary(of tips: [CommitID], recorded: Set<CommitID>) throws(GitError) -> Set<CommitID> {
        var result: Set<CommitID> = []
        var seen = Set(tips)
        var queue = Array(seen)
        while let id = queue.popLast() {
            guard store.contains(id) else { continue }
            let parents = try commit(id).parents
            if recorded.contains(id) || parents.contains(where: { !store.contains($0) }) {
                result.insert(id)
                continue
            }
            for parent in parents where seen.insert(parent).inserted { queue.append(parent) }
        }
        return result
    }
}
