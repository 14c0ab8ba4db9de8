/// Makes the folders of a commit anew along the paths of changed files; every other entry stays as it is, byte for byte.
struct TreeWriter {
    let store: ObjectStore
    let pack: PackWriter

    /// - Parameter files: path → content. Each is a regular file below `root`.
    /// - Returns: the new root folder.
    func write(_ files: [String: [UInt8]], over root: CommitID) throws(GitError) -> CommitID {
        var result = root
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let blob = try pack.write(.blob, content)
            result = try replace(try FileReader.components(of: path)[...], of: path, in: result, by: blob)
        }
        return result
    }

    private func replace(
        _ components: ArraySlice<String>, of path: String, in tree: CommitID, by blob: CommitID
    ) throws(GitError) -> CommitID {
        guard let name = components.first, let object = try read(tree), object.kind == .tree,
            let folder = TreeObject(object.bytes)
        else { throw ObjectStore.damaged(tree) }
        let isLast = components.count == 1
        guard let entry = folder[name], entry.mode == (isLast ? .file : .directory) else {
            throw .refused("file-not-found", "\(path) is no file of the commit that is to be changed")
        }
        let new = isLast ? blob : try replace(components.dropFirst(), of: path, in: entry.id, by: blob)
        guard let bytes = TreeObject.replacing(name, by: new, in: object.bytes) else { throw ObjectStore.damaged(tree) }
        return try pack.write(.tree, bytes)
    }

    /// A folder of the parent, or one that this has just made for another path.
    private func read(_ tree: CommitID) throws(GitError) -> (kind: ObjectStore.Kind, bytes: [UInt8])? {
        if let bytes = pack.bytes(of: tree) { return (.tree, bytes) }
        return try store.read(tree)
    }
}

extension TreeObject {
    /// A folder's bytes with another object under a name; the entry's mode and place stay. Nil where there is no such name.
    static func replacing(_ name: String, by id: CommitID, in bytes: [UInt8]) -> [UInt8]? {
        let wanted = Array(name.utf8)
        var place = 0
        while place < bytes.count {
            guard let space = bytes[place...].firstIndex(of: 0x20), let zero = bytes[space...].firstIndex(of: 0),
                bytes.count - zero > 20
            else { return nil }
            if bytes[(space + 1)..<zero].elementsEqual(wanted) {
                return bytes[...zero] + id.bytes + bytes[(zero + 21)...]
            }
            place = zero + 21
        }
        return nil
    }
}

extension CommitID {
    /// The twenty bytes that the digits stand for.
    var bytes: [UInt8] {
        func value(_ digit: UInt8) -> UInt8 { digit < 0x3a ? digit - 0x30 : digit - 0x61 + 10 }
        let digits = Array(description.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }
}
