extension GitRepository {
    /// Prepares a notes commit in which a text stands at the end of an object's note, behind an empty line.
    ///
    /// - Parameters:
    ///   - draft: with the notes ref, such as `refs/notes/descry`, and where it points, which this makes present.
    ///   - limit: of the note, in bytes; paragraphs at its beginning give way.
    /// - Returns: nil where the note ends with that text already.
    /// - Throws: as ``fetch(_:)``; `cache-damaged` where the ref points at no notes.
    public func prepareNote(
        _ text: String, for object: CommitID, _ draft: RefDraft, limit: Int = 32 << 10
    ) async throws(GitError) -> RefUpdate? {
        try checkOpen()
        try await fetchNotes(draft.old)
        return try await withLock { repository throws(GitError) in
            _ = try repository.mirror.load()
            let store = try repository.mirror.objects()
            let pack = try repository.mirror.packWriter()
            let root = try draft.old.map { id throws(GitError) in try History(store: store).commit(id).tree }
            let notes = NotesTree(store: store, pack: pack)
            var lines: [UInt8] = []
            if let old = try notes.note(of: object, in: root), let blob = try store.read(old), blob.kind == .blob {
                lines = blob.bytes
            }
            let own = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
            guard lines.suffix(own.count) != own[...] else { return nil }
            lines = Self.note(lines, with: own, limit: limit)
            let tree = try notes.put(try pack.write(.blob, lines), for: object, in: root)
            return try repository.update(draft, parent: draft.old, tree: tree, pack)
        }
    }

    /// Whole paragraphs only, and the new one in any case.
    static func note(_ old: [UInt8], with new: [UInt8], limit: Int) -> [UInt8] {
        var kept = old[...]
        while !kept.isEmpty, kept.count + 1 + new.count > limit {
            let end = kept.indices.dropLast().first { kept[$0] == 0x0a && kept[$0 + 1] == 0x0a }
            kept = end.map { kept[($0 + 2)...] } ?? []
        }
        guard let last = kept.last else { return new }
        return kept + (last == 0x0a ? [0x0a] : [0x0a, 0x0a]) + new
    }

    /// Of notes that were made or fetched here before, only what is new is transferred.
    private func fetchNotes(_ tip: CommitID?) async throws(GitError) {
        guard let tip else { return }
        try await fetch([tip], after: knownNotes)
        knownNotes = tip
    }
}
