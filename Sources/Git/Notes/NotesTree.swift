/// The folders of a notes ref: for each object that has a note, a file by the object's 40 digits, with or without slashes behind the
/// first two, four … of them.
///
/// Source: git-notes(1) and git's notes.c: git reads any mix of fan-outs, so a note is replaced where it is, and a new one goes
/// where the folders lead, one level deep at least.
struct NotesTree {
    let store: ObjectStore
    let pack: PackWriter

    /// The note of an object.
    ///
    /// - Returns: nil where it has none.
    func note(of object: CommitID, in root: CommitID?) throws(GitError) -> CommitID? {
        var digits = Substring(object.description)
        var tree = root
        while let id = tree {
            let folder = try read(id)
            if let entry = folder.first(where: { $0.isNamed(digits) && !$0.isFolder }) { return entry.id }
            tree = folder.first { $0.isNamed(digits.prefix(2)) && $0.isFolder }?.id
            digits = digits.dropFirst(2)
        }
        return nil
    }

    /// Puts a note in place of the one that the object has, if any; every other entry stays as it is.
    ///
    /// - Returns: the new root folder.
    func put(_ note: CommitID, for object: CommitID, in root: CommitID?) throws(GitError) -> CommitID {
        try put(note, Substring(object.description), in: root, isRoot: true)
    }

    private func put(
        _ note: CommitID, _ digits: Substring, in tree: CommitID?, isRoot: Bool
    ) throws(GitError) -> CommitID {
        var entries = try tree.map { id throws(GitError) in try read(id) } ?? []
        if let index = entries.firstIndex(where: { $0.isNamed(digits) && !$0.isFolder }) {
            entries[index].id = note
        } else if let index = entries.firstIndex(where: { $0.isNamed(digits.prefix(2)) && $0.isFolder }) {
            entries[index].id = try put(note, digits.dropFirst(2), in: entries[index].id, isRoot: false)
        } else if digits.utf8.count > 2, isRoot || entries.contains(where: \.isFanOut) {
            let folder = try put(note, digits.dropFirst(2), in: nil, isRoot: false)
            entries.append(RawEntry(mode: "40000", name: Array(digits.prefix(2).utf8), id: folder))
        } else {
            entries.append(RawEntry(mode: "100644", name: Array(digits.utf8), id: note))
        }
        return try pack.write(.tree, RawEntry.bytes(entries))
    }

    private func read(_ tree: CommitID) throws(GitError) -> [RawEntry] {
        guard let object = try store.read(tree), object.kind == .tree, let entries = RawEntry.read(object.bytes) else {
            throw ObjectStore.damaged(tree)
        }
        return entries
    }
}

/// An entry of a folder, with its mode as it stands there.
struct RawEntry: Sendable, Hashable {
    let mode: String
    let name: [UInt8]
    var id: CommitID

    var isFolder: Bool { mode == "40000" || mode == "040000" }
    /// Two hexadecimal digits.
    var isFanOut: Bool {
        isFolder && name.count == 2 && name.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    func isNamed(_ text: Substring) -> Bool { name.elementsEqual(text.utf8) }

    /// - Returns: nil for what is no folder by git's format.
    static func read(_ bytes: [UInt8]) -> [RawEntry]? {
        guard let tree = TreeObject(bytes) else { return nil }
        var entries: [RawEntry] = []
        var place = 0
        for entry in tree.entries {
            guard let space = bytes[place...].firstIndex(of: 0x20) else { return nil }
            let mode = String(decoding: bytes[place..<space], as: UTF8.self)
            entries.append(RawEntry(mode: mode, name: entry.name, id: entry.id))
            place = space + 1 + entry.name.count + 21
        }
        return entries
    }

    /// As git writes them: in the order of their names as bytes, a folder's compared as if it ended with a slash.
    static func bytes(_ entries: [RawEntry]) -> [UInt8] {
        func key(_ entry: RawEntry) -> [UInt8] { entry.isFolder ? entry.name + [0x2f] : entry.name }
        return entries.sorted { key($0).lexicographicallyPrecedes(key($1)) }.flatMap { entry in
            Array("\(entry.mode) ".utf8) + entry.name + [0] + entry.id.bytes
        }
    }
}
